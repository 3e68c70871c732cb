"""FilePrediction: what the network says of the rows of a file, or of a folder of pictures, written as CSV."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QProgressDialog, QWidget

from nnstudio.engine.continuation import continues
from nnstudio.engine.data import at_hand, prepare
from nnstudio.ui.beside import FILE, Beside
from nnstudio.ui.document import Document

_PATIENCE = 300  # milliseconds after which it is shown that something is being done
_KINDS = (
    "Rows (*.csv *.tsv *.parquet *.xlsx *.npy *.npz *.txt *.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff *.gif)"
    ";;All files (*)"
)


class FilePrediction(QObject):
    """One file at a time. `finished` tells what was written, `refused` why nothing was."""

    finished = Signal(str)
    refused = Signal(str)

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self.document = document
        self._window = parent
        self._target = Path()
        self._words = ""
        self._progress: QProgressDialog | None = None
        self.beside = Beside(self)
        self.beside.said.connect(self._hear)
        self.beside.finished.connect(self._done)
        self.beside.refused.connect(self._refused)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._patience.timeout.connect(self._show_progress)

    @property
    def busy(self) -> bool:
        return self.beside.busy

    def ask_for_file(self, folder: Path) -> None:
        """Ask which file, and where the predictions go, and predict."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Predict the rows of a file", str(folder), _KINDS)
        if chosen:
            self._ask_for_target(Path(chosen))

    def ask_for_folder(self, folder: Path) -> None:
        """The same for a folder of pictures."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Predict the pictures of a folder", str(folder))
        if chosen:
            self._ask_for_target(Path(chosen))

    def start(self, source: Path, target: Path) -> None:
        """Predict the rows of a file, and write what is said of them to another."""
        if self.busy:
            return
        self._target, self._words = target, ""
        self.beside.start(self.document, ["predict", FILE, str(source), "--output", str(target)])
        if self.busy:
            self._patience.start()

    def shut_down(self) -> None:
        """End what is being done."""
        self.beside.shut_down()
        self._end()

    def _ask_for_target(self, source: Path) -> None:
        ending = ".txt" if self._continues() else ".csv"
        kind = "Text (*.txt)" if ending == ".txt" else "CSV (*.csv)"
        proposed = source.with_name(f"{source.stem}-predictions{ending}")
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save the predictions", str(proposed), kind)
        if chosen:
            path = Path(chosen)
            self.start(source, path if path.suffix else path.with_suffix(ending))

    def _continues(self) -> bool:
        settings = self.document.project.data
        try:
            return settings.dataset is not None and at_hand(settings) and continues(prepare(settings).data)
        except (ValueError, OSError):
            return False

    def _hear(self, line: str) -> None:
        self._words = line

    def _done(self) -> None:
        self._end()
        what = self._words.rpartition(": ")[2]
        self.finished.emit(f"{self._target.name} is written: {what}." if what else f"{self._target.name} is written.")

    def _refused(self, sentence: str) -> None:
        self._end()
        QTimer.singleShot(0, self, lambda: self.refused.emit(sentence))

    def _show_progress(self) -> None:
        if not self.busy:
            return
        progress = QProgressDialog(f"Predicting to {self._target.name} …", "Cancel", 0, 0, self._window)
        progress.setObjectName("prediction_progress")
        progress.setWindowTitle("Predict")
        progress.setWindowModality(Qt.WindowModality.WindowModal)
        progress.setAutoClose(False)
        progress.canceled.connect(self._cancel)
        progress.show()
        self._progress = progress

    def _cancel(self) -> None:
        self.beside.shut_down()
        self._end()

    def _end(self) -> None:
        self._patience.stop()
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.canceled.disconnect(self._cancel)
            progress.close()
            progress.deleteLater()
