"""Source: where the rows come from: buttons for a file and a folder, the list of datasets, and what was chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from nnstudio.core.kinds import Dataset
from nnstudio.core.sources import LARGEST_EMBEDDED, FileDataset
from nnstudio.core.spec import Limits, Setting
from nnstudio.engine.memory import bytes_text
from nnstudio.ui import icons
from nnstudio.ui.data_panel.choosing import Choosing
from nnstudio.ui.data_panel.dataset_field import DatasetField
from nnstudio.ui.forms import Form
from nnstudio.ui.forms.fields import ToggleBox

_NARROW = 320  # pixels, below which the words on the buttons are short
_DATASET = Setting("dataset", Dataset | None, None, Limits("Where the rows come from."))


class Source(QWidget):
    """What `project.data.dataset` is. `edited` carries "dataset" and the new one."""

    edited = Signal(str, object)
    left = Signal()
    embedding_wanted = Signal(bool)

    def __init__(self, choosing: Choosing) -> None:
        super().__init__()
        self.choosing = choosing
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        self.file_button = _button(" Choose file…", "file", "Reads a table, arrays, images, a text or a series.")
        self.file_button.setObjectName("choose_file")
        self.file_button.clicked.connect(lambda: choosing.ask_for_file())
        self.folder_button = _button(" Choose folder…", "folder", "Reads a folder with one folder of images per class.")
        self.folder_button.setObjectName("choose_folder")
        self.folder_button.clicked.connect(lambda: choosing.ask_for_folder())
        self.recent_button = QToolButton()
        self.recent_button.setObjectName("recent_data")
        self.recent_button.setAccessibleName("Recent data")
        self.recent_button.setToolTip("Files and folders that were chosen before.")
        self.recent_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.recent_button.setStyleSheet("QToolButton::menu-indicator { image: none; width: 0; }")
        self.recent_button.setIconSize(QSize(16, 16))
        self.recent_button.setFixedWidth(32)
        icons.attach(self.recent_button, "history")
        self.recent = QMenu(self.recent_button)
        self.recent.setToolTipsVisible(True)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.recent_button.setMenu(self.recent)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.file_button, 1)
        line.addWidget(self.folder_button, 1)
        line.addWidget(self.recent_button)
        rows.addLayout(line)
        self.form = Form()
        self.field = DatasetField(_DATASET, Dataset)
        self.form.add(self.field)
        self.card = FileCard()
        self.card.embedding_wanted.connect(self.embedding_wanted)
        rows.addWidget(self.card)
        rows.addWidget(self.form)
        self.form.edited.connect(self.edited)
        self.form.left.connect(self.left)
        self._fill_recent()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self.file_button.setText(" File…" if narrow else " Choose file…")
        self.folder_button.setText(" Folder…" if narrow else " Choose folder…")

    def renew(self, dataset: Dataset | None) -> None:
        """Show this one."""
        self.form.renew({"dataset": dataset})
        self.card.renew(dataset if isinstance(dataset, FileDataset) else None)
        self._fill_recent()

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self.choosing.memory.recent_data():
            action = self.recent.addAction(path.name)
            action.setToolTip(str(path))
            icons.attach(action, "folder" if path.is_dir() else "file")
            action.triggered.connect(lambda _=False, path=path: self.choosing.choose(path))
        self.recent_button.setEnabled(not self.recent.isEmpty())


class FileCard(QWidget):
    """The file that was chosen: its name, how large it is and where, and whether the project keeps a copy."""

    embedding_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.name = QLabel()
        self.name.setProperty("role", "heading")
        self.place = QLabel()
        self.place.setProperty("role", "muted")
        for label in (self.name, self.place):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.embed = ToggleBox("Keep in the project")
        self.embed.setObjectName("embed")
        self.embed.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.embed.clicked.connect(lambda: self.embedding_wanted.emit(self.embed.isChecked()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        for part in (self.name, self.place, self.embed):
            column.addWidget(part)
        self.hide()

    def renew(self, dataset: FileDataset | None) -> None:
        """Show what is known of the file of this dataset."""
        self.setVisible(dataset is not None and bool(dataset.path))
        if dataset is None or not dataset.path:
            return
        path = Path(dataset.path)
        size = _size(path)
        self.name.setText(path.name)
        words = [] if size is None else [bytes_text(size)]
        self.place.setText(" · ".join([*words, f"in {path.parent}"]))
        self.place.setToolTip(str(path))
        self.embed.setChecked(dataset.embedded)
        small = size is not None and size <= LARGEST_EMBEDDED
        self.embed.setText("Keep in the project" + (f" ({bytes_text(size)})" if small and size is not None else ""))
        self.embed.setEnabled(dataset.embedded or small)
        self.embed.setToolTip(
            "Puts a copy into the project file, so that it can be handed on as one file."
            if small
            else f"Only single files of at most {bytes_text(LARGEST_EMBEDDED)} can be kept in a project."
        )
        self.embed.setAccessibleName("Keep a copy of the file in the project")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _button(words: str, icon: str, tip: str) -> QPushButton:
    button = QPushButton(words)
    button.setAccessibleName(words.strip())
    button.setToolTip(f"<p>{tip}</p>")
    button.setStyleSheet("padding: 6px 4px;")
    button.setMinimumWidth(60)
    icons.attach(button, icon)
    return button
