"""Beside: a command of the program on what the document holds now, in a process of its own beside the window.

It takes as long as it takes: the window stays quick, a training goes on undisturbed, and Cancel ends it at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from nnstudio.core import storage
from nnstudio.ui.child_process import command, environment, last_sentence
from nnstudio.ui.document import Document

# Stands in the words of a command for the project file that is made for it.
FILE = "\0file"


class Beside(QObject):
    """One command at a time.

    `said` brings each line that it prints; `finished` says that it has ended well, `refused` why it has not. After
    `cancel` neither comes.
    """

    said = Signal(str)
    finished = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._rest = b""
        self._called_off = False

    @property
    def busy(self) -> bool:
        return self._process is not None

    def start(self, document: Document, words: Sequence[str]) -> None:
        """Run `nnstudio WORDS`; FILE among them stands for the project."""
        if self.busy:
            return
        self._called_off, self._rest = False, b""
        self._folder = tempfile.TemporaryDirectory(prefix="nnstudio-beside-", ignore_cleanup_errors=True)
        source = Path(self._folder.name) / f"project{storage.SUFFIX}"
        try:
            storage.write(source, document.project, document.checkpoint)
        except storage.StorageError as error:
            self._end()
            self.refused.emit(str(error))
            return
        process = QProcess(self)
        process.setProcessEnvironment(environment())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed)
        self._process = process
        process.start(*command([str(source) if word == FILE else word for word in words]))

    def cancel(self) -> None:
        """End it now."""
        if self._process is not None:
            self._called_off = True
            self._process.kill()

    def shut_down(self) -> None:
        """End it, and wait until it has ended."""
        process = self._process
        if process is not None:
            self.cancel()
            process.waitForFinished(5000)

    def _read(self) -> None:
        if self._process is None or self._called_off:
            return
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            self.said.emit(line.decode("utf-8", "replace").rstrip("\r"))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end()
            QTimer.singleShot(0, self, lambda: self.refused.emit("The program could not be started a second time."))

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self._process
        if process is None:
            return
        self._read()
        complaints = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        called_off = self._called_off
        self._end()
        if called_off:
            return
        if code or status != QProcess.ExitStatus.NormalExit:
            self.refused.emit(last_sentence(complaints, "The command ended before it was done."))
        else:
            self.finished.emit()

    def _end(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
