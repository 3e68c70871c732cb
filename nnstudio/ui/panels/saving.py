"""Saving what a panel shows that is no Plot: its numbers as CSV, its picture as PNG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImageWriter
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from nnstudio.core.storage import replace_file
from nnstudio.ui.panels import picture


def fill_saving(menu: QMenu, widget: QWidget, name: str, table: Callable[[], Mapping[str, np.ndarray]]) -> None:
    """Entries that save the picture of a widget and its numbers."""
    menu.addAction("Save as PNG…", lambda: _ask(widget, name, "png", lambda path: _write_png(path, widget)))
    menu.addAction(
        "Save numbers as CSV…", lambda: _ask(widget, name, "csv", lambda path: picture.write_csv(path, table()))
    )


def _ask(widget: QWidget, name: str, kind: str, write: Callable[[Path], None]) -> None:
    chosen, _ = QFileDialog.getSaveFileName(widget, "Save", f"{name}.{kind}", f"{kind.upper()} (*.{kind})")
    if not chosen:
        return
    path = Path(chosen)
    path = path if path.suffix else path.with_suffix(f".{kind}")
    try:
        write(path)
    except OSError as error:
        QMessageBox.warning(widget, "It was not saved", f"{path.name} could not be written: {error.strerror}.")


def _write_png(path: Path, widget: QWidget) -> None:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(widget.grab().toImage())
    buffer.close()
    replace_file(path, bytes(content.data()))
