"""Exporting: the network as a file for other programs, made beside the window.

torch needs seconds to minutes for it and keeps the whole interpreter busy meanwhile, so `nnstudio export` does it in a
process of its own: the window stays quick, a training goes on undisturbed, and Cancel ends it at once.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QObject,
    QProcess,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsScene, QProgressDialog, QWidget

from nnstudio.core import storage
from nnstudio.engine.export.formats import Format
from nnstudio.ui.child_process import command, environment, last_sentence
from nnstudio.ui.document import Document

_PATIENCE = 300  # milliseconds after which it is shown that something is being done


class Exporting(QObject):
    """One export at a time.

    `finished` tells the path and what a person should know of the file; `refused` tells why there is none.
    """

    finished = Signal(object, object)  # Path, tuple of sentences
    refused = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._process: QProcess | None = None
        self._progress: QProgressDialog | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._target = Path()
        self._called_off = False
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._patience.timeout.connect(self._show_progress)

    @property
    def busy(self) -> bool:
        """Whether a file is being made."""
        return self._process is not None

    def start(self, document: Document, form: Format, target: Path) -> None:
        """Make a file of what the document holds now."""
        if self.busy:
            return
        self._target, self._called_off = target, False
        self._folder = tempfile.TemporaryDirectory(prefix="nnstudio-export-", ignore_cleanup_errors=True)
        source = Path(self._folder.name) / f"{_plain(document.name)}{storage.SUFFIX}"
        try:
            storage.write(source, document.project, document.checkpoint)
        except storage.StorageError as error:
            self._end()
            self.refused.emit(str(error))
            return
        process = QProcess(self)
        process.setProcessEnvironment(environment())
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed)
        made = str(self._made(form))
        self._process = process
        process.start(*command(["export", str(source), "--to", form.name, made, "--json"]))
        self._patience.start()

    def cancel(self) -> None:
        """End it now; no file is written."""
        if self._process is not None:
            self._called_off = True
            self._process.kill()

    def shut_down(self) -> None:
        """End what is being made, and wait until it has ended."""
        process = self._process
        if process is not None:
            self.cancel()
            process.waitForFinished(5000)

    def _made(self, form: Format) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / f"made{form.suffix}"

    def _show_progress(self) -> None:
        if self._process is None:
            return
        progress = QProgressDialog(f"Making {self._target.name} …", "Cancel", 0, 0, self._window)
        progress.setObjectName("export_progress")
        progress.setWindowTitle("Export")
        progress.setWindowModality(Qt.WindowModality.WindowModal)
        progress.setAutoClose(False)
        progress.canceled.connect(self.cancel)
        self._progress = progress
        progress.show()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            words = self._process.errorString()
            self._end()
            self.refused.emit(f"The export could not be started: {words}.")

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        printed = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace")
        complaints = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        try:
            if self._called_off:
                return
            if status != QProcess.ExitStatus.NormalExit or code:
                self._later(self.refused.emit, last_sentence(complaints, "The export ended without a word."))
                return
            answer = json.loads(printed)
            storage.replace_file(self._target, Path(answer["file"]).read_bytes())
            self._later(self.finished.emit, self._target, tuple(answer["notices"]))
        except OSError as error:
            words = error.strerror or error
            self._later(self.refused.emit, f"{self._target.name} could not be written: {words}. Nothing was changed.")
        except (ValueError, KeyError, TypeError):
            self._later(self.refused.emit, "The export gave no answer that could be read.")
        finally:
            self._end()

    def _later(self, emit: Callable[..., None], *values: object) -> None:
        """Say it once the dialog is gone: what listens may open another."""
        QTimer.singleShot(0, self, lambda: emit(*values))

    def _end(self) -> None:
        self._patience.stop()
        if self._progress is not None:
            self._progress.canceled.disconnect(self.cancel)
            self._progress.close()
            self._progress.deleteLater()
            self._progress = None
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def svg(scene: QGraphicsScene, area: QRectF, title: str) -> bytes:
    """A part of a scene as an SVG picture."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    generator.setTitle(title)
    generator.setDescription("Drawn with NN Studio")
    painter = QPainter(generator)
    scene.render(painter, QRectF(0, 0, area.width(), area.height()), area)
    painter.end()
    buffer.close()
    return bytes(content.data())


def _plain(name: str) -> str:
    """A name that every system takes as that of a file."""
    return "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in name)[:80].strip() or "project"
