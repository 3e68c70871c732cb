"""Writing a plot to a file: PNG and SVG of what is seen, CSV of all its numbers."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView

from nnstudio.core.storage import replace_file

# A picture for a paper needs more pixels than the screen has.
PNG_SCALE = 3


def write_png(path: Path, view: QGraphicsView, background: QColor) -> None:
    """The view as a picture of three times its size. Raises OSError."""
    size = view.viewport().size()
    image = QImage(size * PNG_SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(background)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    view.render(painter, QRectF(image.rect()), view.viewport().rect())
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    buffer.close()
    replace_file(path, bytes(content.data()))


def write_svg(path: Path, view: QGraphicsView, background: QColor) -> None:
    """The view as lines and texts. Raises OSError."""
    size: QSize = view.viewport().size()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(view.accessibleName())
    painter = QPainter(generator)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), background)
    view.render(painter, QRectF(0, 0, size.width(), size.height()), view.viewport().rect())
    painter.end()
    buffer.close()
    replace_file(path, bytes(content.data()))


def write_csv(path: Path, table: Mapping[str, np.ndarray]) -> None:
    """One column for each name; shorter columns and what is no number leave empty cells. Raises OSError."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    # A title that begins like a formula must not become one in a spreadsheet.
    writer.writerow([f"'{name}" if name[:1] in ("=", "+", "-", "@") else name for name in table])
    columns = list(table.values())
    for row in range(max((len(column) for column in columns), default=0)):
        writer.writerow([_cell(column[row]) if row < len(column) else "" for column in columns])
    replace_file(path, text.getvalue().encode("utf-8"))


def _cell(value: object) -> object:
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if not math.isfinite(number):
            return ""
        return int(number) if number.is_integer() and abs(number) < 2**53 else str(value)
    return value
