"""Gallery: what the program shows first. Examples, recent projects, a new project, a file.

It needs nothing but Qt and `core`: it is on the screen while torch is still loading.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDateTime, QEvent, QLocale, QObject, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from nnstudio import paths
from nnstudio.core import storage
from nnstudio.ui import icons, miniature, theme
from nnstudio.ui.card import Card, Grid
from nnstudio.ui.first_size import first_size

_BY_MOUSE = Qt.FocusReason.MouseFocusReason  # what is clicked is seen already


@dataclass(frozen=True, eq=False)
class Example:
    """A project that comes with the program, read without the library."""

    name: str
    title: str
    sentence: str
    order: float
    written: Mapping[str, Any]
    path: Path

    def picture(self, theme_name: str) -> Path | None:
        """What it looks like once it has learned, if a picture came with the program."""
        found = self.path.with_name(f"{self.name}-{theme_name}.png")
        return found if found.is_file() else None


def examples() -> list[Example]:
    """All examples in the order in which they teach; a file that cannot be read is left out."""
    folder = paths.resources() / "examples"
    found = []
    for path in folder.glob("*.json"):
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            found.append(
                Example(
                    name=path.stem,
                    title=str(written["title"]),
                    sentence=str(written.get("sentence", "")),
                    order=float(written.get("order", 1000)),
                    written=written,
                    path=path,
                )
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda example: (example.order, example.name))


@dataclass(frozen=True, eq=False)
class Architecture:
    """A known architecture that comes with the program: what its card shows. Its drawing is in a file of its own."""

    name: str
    title: str
    sentence: str
    family: str
    written: Mapping[str, Any]

    @property
    def path(self) -> Path:
        return paths.resources() / "architectures" / f"{self.name}.json"


def architectures() -> list[Architecture]:
    """All of them, family by family; none where the list cannot be read."""
    try:
        listed = json.loads((paths.resources() / "architectures" / "index.json").read_text(encoding="utf-8"))
        return [
            Architecture(str(one["name"]), str(one["title"]), str(one["sentence"]), str(one["family"]), one)
            for one in listed
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


class Gallery(QWidget):
    """The first window. It only says what was chosen; the application opens it."""

    example_chosen = Signal(str)
    architecture_chosen = Signal(str)
    # a file to import; empty to ask for one
    import_chosen = Signal(str)
    project_chosen = Signal(str)
    new_chosen = Signal()
    open_chosen = Signal()
    # once, after it was on the screen for the first time
    painted = Signal()

    def __init__(self, recent: Iterable[Path] = ()) -> None:
        super().__init__()
        self.setObjectName("gallery")
        self.setWindowTitle("NN Studio")
        self.setAccessibleName("Gallery")
        self.setAcceptDrops(True)
        self.setMinimumSize(520, 400)
        self.resize(first_size(self))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

        self.search = QLineEdit(placeholderText="Find an example or a project…")
        self.search.setObjectName("gallery_search")
        self.search.setAccessibleName("Find an example or a project")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(120)
        self.search.setMaximumWidth(320)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._choose_first)
        self.search.installEventFilter(self)
        self.open_button = QPushButton(" Open…")
        self.open_button.setObjectName("gallery_open")
        self.open_button.setAccessibleName("Open…")
        self.open_button.setToolTip("Opens a project file.")
        self.open_button.setShortcut("Ctrl+O")
        icons.attach(self.open_button, "folder-open")
        self.open_button.clicked.connect(self.open_chosen)
        self.import_button = QPushButton(" Import…")
        self.import_button.setObjectName("gallery_import")
        self.import_button.setAccessibleName("Import…")
        self.import_button.setToolTip("Draws a network that others wrote: ONNX, a Python file, a .pt2.")
        self.import_button.setShortcut("Ctrl+I")
        icons.attach(self.import_button, "download")
        self.import_button.clicked.connect(lambda: self.import_chosen.emit(""))
        self.new_button = QPushButton(" New project")
        self.new_button.setObjectName("gallery_new")
        self.new_button.setAccessibleName("New project")
        self.new_button.setToolTip("Starts with an empty drawing.")
        self.new_button.setProperty("primary", True)
        self.new_button.setShortcut("Ctrl+N")
        icons.attach(self.new_button, "plus", "accent_text")
        self.new_button.clicked.connect(self.new_chosen)

        self._was_painted = False
        self._waiting: list[tuple[Card, Path]] = []
        self._recent_heading = _heading("Recent projects")
        self._recent = Grid()
        self._examples_heading = _heading("Examples")
        self._examples = Grid()
        self._families: list[tuple[QLabel, Grid]] = []
        self._nothing = QLabel("Nothing here has these words.")
        self._nothing.setProperty("role", "muted")
        self._nothing.hide()

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._header())
        layout.addWidget(self._scrolled(), 1)
        layout.addWidget(self._footer())
        self._example_cards: list[tuple[Card, Example]] = []
        self._examples.set_cards([self._example_card(example) for example in examples()])
        self.show_recent(recent)
        first = self.cards()
        (first[0] if first else self.new_button).setFocus()

    # -- what it shows ---------------------------------------------------------------------------------------------

    def cards(self) -> list[Card]:
        """The cards that are shown now, recent projects first."""
        return [card for _, grid in self._sections() for card in grid.shown()]

    def _sections(self) -> list[tuple[QLabel, Grid]]:
        return [(self._recent_heading, self._recent), (self._examples_heading, self._examples), *self._families]

    def show_architectures(self) -> None:
        """List the known architectures, below everything else; there are many, so this waits for the first paint."""
        if self._families:
            return
        groups: dict[str, list[Card]] = {}
        for architecture in architectures():
            groups.setdefault(architecture.family, []).append(self._architecture_card(architecture))
        for family, cards in groups.items():
            heading, grid = _heading(f"Architectures: {family[:1].lower()}{family[1:]}"), Grid()
            place = self._column.indexOf(self._nothing)
            self._column.insertWidget(place, heading)
            self._column.insertWidget(place + 1, grid)
            grid.set_cards(cards)
            self._families.append((heading, grid))
        self._find(self.search.text())

    def show_recent(self, recent: Iterable[Path]) -> None:
        """List these project files; their pictures follow one by one, so that the window is not held up."""
        files = list(recent)
        self._recent.set_cards([self._recent_card(path) for path in files])
        self._waiting = list(zip(self._recent.cards, files, strict=True))
        QTimer.singleShot(0, self, self._read_picture)
        self._find(self.search.text())

    def show_progress(self, sentence: str) -> None:
        """Say what is being done; an empty sentence ends it."""
        self._progress_label.setText(sentence)
        self._progress.setVisible(bool(sentence))
        self._progress_label.setVisible(bool(sentence))

    def progress(self) -> str:
        """What is said to be done now; empty when nothing is."""
        return self._progress_label.text()

    # -- events ----------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down goes from the search field to the first card."""
        if watched == self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Down and self.cards():
                self.cards()[0].setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Typing anywhere searches."""
        if event.text().isprintable() and event.text().strip():
            self.search.setFocus()
            self.search.insert(event.text())
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            icons.renew(self)
            for card, example in self._example_cards:
                card.set_picture(_picture_of(example))
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.painted.emit)
            QTimer.singleShot(30, self, self.show_architectures)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_projects(event) or dropped_networks(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in dropped_projects(event):
            self.project_chosen.emit(path)
        for path in dropped_networks(event)[:1]:
            self.import_chosen.emit(path)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _header(self) -> QHBoxLayout:
        name = QLabel("NN Studio")
        name.setStyleSheet("font-size: 24px; font-weight: 700;")
        sentence = QLabel("Draw a neural network, train it, and watch what it does.")
        sentence.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        words.addWidget(sentence)
        header = QHBoxLayout()
        header.setContentsMargins(32, 24, 32, 12)
        header.setSpacing(8)
        header.addLayout(words)
        header.addStretch(1)
        header.addWidget(self.search, 1)
        header.addWidget(self.open_button)
        header.addWidget(self.import_button)
        header.addWidget(self.new_button)
        return header

    def _scrolled(self) -> QScrollArea:
        inside = QWidget()
        self._column = column = QVBoxLayout(inside)
        column.setContentsMargins(32, 4, 32, 32)
        column.setSpacing(12)
        for widget in (self._recent_heading, self._recent, self._examples_heading, self._examples, self._nothing):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area = area
        return area

    def _footer(self) -> QWidget:
        footer = QWidget()
        row = QHBoxLayout(footer)
        row.setContentsMargins(32, 8, 32, 8)
        row.setSpacing(12)
        self._progress_label = QLabel()
        self._progress_label.setProperty("role", "muted")
        self._progress = QProgressBar()
        self._progress.setAccessibleName("Loading")
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(160)
        row.addWidget(self._progress)
        row.addWidget(self._progress_label, 1)
        self._progress.hide()
        self._progress_label.hide()
        return footer

    def _example_card(self, example: Example) -> Card:
        def draw(painter: QPainter, place: QRectF) -> None:
            miniature.draw(painter, place, example.written)

        card = Card(example.title, example.sentence, _picture_of(example), draw)
        card.setObjectName(f"example_{example.name}")
        self._example_cards.append((card, example))
        card.clicked.connect(lambda: self.example_chosen.emit(example.name))
        card.moved.connect(self._move)
        card.installEventFilter(_Visible(self._show_card, card))
        return card

    def _architecture_card(self, architecture: Architecture) -> Card:
        def draw(painter: QPainter, place: QRectF) -> None:
            miniature.draw(painter, place, architecture.written)

        card = Card(architecture.title, architecture.sentence, None, draw)
        card.setObjectName(f"architecture_{architecture.name}")
        card.clicked.connect(lambda: self.architecture_chosen.emit(architecture.name))
        card.moved.connect(self._move)
        card.installEventFilter(_Visible(self._show_card, card))
        return card

    def _recent_card(self, path: Path) -> Card:
        moment = QDateTime.fromSecsSinceEpoch(int(path.stat().st_mtime))
        saved = QLocale().toString(moment, QLocale.FormatType.ShortFormat)
        card = Card(path.stem, f"{saved} · {path.parent}")
        card.setToolTip(str(path))
        card.clicked.connect(lambda: self.project_chosen.emit(str(path)))
        card.moved.connect(self._move)
        card.installEventFilter(_Visible(self._show_card, card))
        return card

    # -- working ---------------------------------------------------------------------------------------------------

    def _read_picture(self) -> None:
        if self._waiting:
            card, path = self._waiting.pop(0)
            picture = QPixmap()
            if picture.loadFromData(storage.read_picture(path)):
                card.set_picture(picture)
            QTimer.singleShot(0, self, self._read_picture)

    def _find(self, typed: str) -> None:
        for heading, grid in self._sections():
            grid.show_only(lambda card: card.answers(typed))
            heading.setVisible(bool(grid.shown()))
        self._nothing.setVisible(not self.cards())

    def _choose_first(self) -> None:
        if self.cards():
            self.cards()[0].click()

    def _show_card(self, card: Card) -> None:
        self._area.ensureWidgetVisible(card, 0, 24)

    def _move(self, key: int) -> None:
        """Give the focus to the nearest card in the direction of an arrow key."""
        current = self.focusWidget()
        if not isinstance(current, Card):
            return
        direction = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }[Qt.Key(key)]
        here = self._middle(current)
        nearest: tuple[float, Card] | None = None
        for card in self.cards():
            way = self._middle(card) - here
            along = way.x() * direction[0] + way.y() * direction[1]
            across = abs(way.x() * direction[1]) + abs(way.y() * direction[0])
            if along > 8 and (direction[1] or across < 8):
                distance = along + 3 * across
                if nearest is None or distance < nearest[0]:
                    nearest = (distance, card)
        if nearest:
            nearest[1].setFocus(Qt.FocusReason.TabFocusReason)

    def _middle(self, card: Card) -> QPoint:
        return card.mapTo(self, card.rect().center())


class _Visible(QObject):
    """Scrolls a card into view when it gets the focus by the keyboard."""

    def __init__(self, show: Any, card: Card) -> None:
        super().__init__(card)
        self._show = show

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent) and event.gotFocus() and event.reason() != _BY_MOUSE:
            self._show(watched)
        return False


def dropped_projects(event: QDropEvent) -> list[str]:
    """The project files that are dragged; also used by the window."""
    return [path for path in _dropped(event) if path.lower().endswith(storage.SUFFIX)]


def dropped_networks(event: QDropEvent) -> list[str]:
    """The files that are dragged and can be imported."""
    return [path for path in _dropped(event) if path.lower().endswith((".onnx", ".pt2", ".py"))]


def _dropped(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]


def _picture_of(example: Example) -> QPixmap | None:
    path = example.picture(theme.current().name)
    return QPixmap(str(path)) if path else None


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setStyleSheet("font-size: 15px; font-weight: 600;")
    label.setIndent(0)
    label.setContentsMargins(0, 8, 0, 0)
    return label
