"""Failure: an error that nothing expected is written to standard error and shown once, never swallowed."""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QMessageBox

SENTENCE = "Something went wrong inside NN Studio. Your project is still open: save it under a new name to be safe."


class Failure(QObject):
    """Takes the place of Python's own hooks. Errors of any thread reach the window's thread through a signal."""

    raised = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.raised.connect(self._show)
        self.dialog: QMessageBox | None = None

    def install(self) -> None:
        sys.excepthook = self.report
        threading.excepthook = lambda error: self.report(error.exc_type, error.exc_value, error.exc_traceback)

    def report(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None = None
    ) -> None:
        if issubclass(kind, (KeyboardInterrupt, SystemExit)):
            QApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        print(details, file=sys.stderr, flush=True)
        self.raised.emit(f"{kind.__name__}: {error}", details)

    def _show(self, summary: str, details: str) -> None:
        if self.dialog is not None:  # one at a time: an error in a timer would otherwise fill the screen
            return
        dialog = QMessageBox(QMessageBox.Icon.Critical, "NN Studio", SENTENCE, QMessageBox.StandardButton.Ok)
        dialog.setObjectName("failure")
        dialog.setInformativeText(summary)
        dialog.setDetailedText(details)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
