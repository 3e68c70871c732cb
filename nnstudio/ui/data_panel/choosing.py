"""Choosing: from a file or a folder that a person has, to the dataset that reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from nnstudio.core.data_files import fitting, no_fit, readers
from nnstudio.core.sources import FileDataset, fingerprint
from nnstudio.ui.document import Document
from nnstudio.ui.loading import Errand
from nnstudio.ui.memory import Memory


class Choosing(QObject):
    """Asks for a file, finds the datasets that read such files, hashes it beside the window, and edits the project."""

    # what is under way began, got on or ended
    progressed = Signal()
    # a sentence
    refused = Signal(str)

    def __init__(self, document: Document, memory: Memory, parent: QWidget) -> None:
        super().__init__(parent)
        self.document, self.memory = document, memory
        self._parent = parent
        self._errand: Errand | None = None
        self._chosen: tuple[type[FileDataset], Path] | None = None

    @property
    def errand(self) -> Errand | None:
        """What is being read, if anything is."""
        return self._errand

    def ask_for_file(self) -> None:
        """Let the person choose a file."""
        path, _ = QFileDialog.getOpenFileName(self._parent, "Choose data", str(self.memory.folder), file_filter())
        if path:
            self.choose(Path(path))

    def ask_for_folder(self) -> None:
        """Let the person choose a folder of images."""
        path = QFileDialog.getExistingDirectory(self._parent, "Choose a folder of data", str(self.memory.folder))
        if path:
            self.choose(Path(path))

    def choose(self, path: Path) -> None:
        """Take what reads this file or folder; where several do, ask."""
        kinds = fitting(path)
        if not kinds:
            self.refused.emit(no_fit(path))
        elif len(kinds) == 1:
            self.take(kinds[0], path)
        else:
            self._ask_for_kind(kinds, path)

    def _ask_for_kind(self, kinds: Sequence[type[FileDataset]], path: Path) -> None:
        menu = QMenu(self._parent)
        menu.setObjectName("dataset_kinds")
        menu.setToolTipsVisible(True)
        menu.addSection(f"Read {path.name} as")
        for kind in kinds:
            action = menu.addAction(kind.title)
            action.setToolTip(kind.sentence())
            action.triggered.connect(lambda _=False, kind=kind: self.take(kind, path))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._parent.mapToGlobal(QPoint(12, 48)))

    def take(self, kind: type[FileDataset], path: Path) -> None:
        """Hash it, and make it the project's data: one edit."""
        self.cancel()
        path = path.absolute()
        self._chosen = kind, path
        errand = Errand(lambda: fingerprint(path))
        self._errand = errand
        errand.words = f"Reading {path.name}"
        errand.finished.connect(self._ended)
        if errand.begin():
            self._conclude()
        else:
            self.progressed.emit()

    def cancel(self) -> None:
        """Choose nothing after all."""
        errand, self._errand = self._errand, None
        if errand is not None:
            errand.finished.disconnect(self._ended)
            errand.stop()
            self.progressed.emit()

    def _ended(self) -> None:
        if self._errand is not None and self._errand.isFinished():
            self._conclude()

    def _conclude(self) -> None:
        errand, self._errand = self._errand, None
        if errand is None or self._chosen is None:
            return
        errand.finished.disconnect(self._ended)
        kind, path = self._chosen
        if errand.done:
            self._edit(kind, path, str(errand.result))
        elif errand.refusal:
            self.refused.emit(f"{path.name} could not be read: {errand.refusal.rstrip('.')}.")
        self.progressed.emit()

    def _edit(self, kind: type[FileDataset], path: Path, sha256: str) -> None:
        self.memory.add_recent_data(path)
        self.memory.folder = path.parent
        project = self.document.project
        before = project.data.dataset
        if type(before) is kind and Path(before.path) == path:
            made = before.with_(sha256=sha256)  # the same file again: what was set for it still holds
        else:
            make: Any = kind
            made = make(path=str(path), sha256=sha256)
        self.document.edit(f"Choose {path.name}", project.with_data(dataset=made))


def readable(path: Path) -> bool:
    """Whether some dataset reads it, judged by its name alone."""
    return bool(fitting(path))


def file_filter() -> str:
    """What a file dialog offers."""
    groups = [(kind.title, " ".join(f"*{suffix}" for suffix in kind.suffixes)) for kind in readers() if kind.suffixes]
    every = " ".join(dict.fromkeys(" ".join(patterns for _, patterns in groups).split()))
    parts = [f"All data ({every})"] if groups else []
    return ";;".join([*parts, *(f"{title} ({patterns})" for title, patterns in groups), "All files (*)"])


def dropped_data(event: QDropEvent) -> list[Path]:
    """The files and folders that are dragged and can be read."""
    urls = event.mimeData().urls()
    return only_readable(Path(url.toLocalFile()) for url in urls if url.isLocalFile())


def only_readable(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if readable(path)]
