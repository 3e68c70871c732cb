"""Toolbar: the one row over the drawing: what is open, the verbs of training, how far it is, and where it runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QFont, QFontMetrics, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QToolBar, QWidget

from nnstudio.engine.device import choose, devices
from nnstudio.engine.run import Snapshot
from nnstudio.ui import icons, theme
from nnstudio.ui.actions import Actions
from nnstudio.ui.document import Document
from nnstudio.ui.progress import Progress
from nnstudio.ui.training import Training

# Mid is the colour of borders in the palette of the theme.
_SHEET = """
#toolbar { background: palette(window); border: none; border-bottom: 1px solid palette(mid); padding: 0; spacing: 0; }
"""
_DEVICE_NAMES = {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"}


class Toolbar(QToolBar):
    """A fixed row. Where the window is narrow, words go before buttons do."""

    def __init__(self, document: Document, training: Training, actions: Actions) -> None:
        super().__init__("Toolbar")
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setStyleSheet(_SHEET)
        self._document = document
        self._training = training
        self._row = _Row(document, training, actions)
        self.addWidget(self._row)
        self.toggleViewAction().setEnabled(False)
        self.toggleViewAction().setVisible(False)
        document.state_changed.connect(self.renew)
        training.state_changed.connect(self.renew)
        training.pulled.connect(self._pulled)
        self.renew()

    @property
    def progress(self) -> Progress:
        return self._row.progress

    def renew(self) -> None:
        """Show the state of document and training."""
        self._row.renew()
        self._show_progress()

    def _pulled(self, _snapshot: Snapshot) -> None:
        self._show_progress()

    def _show_progress(self) -> None:
        epochs = self._document.project.training.epochs
        self._row.progress.show_snapshot(self._training.newest, epochs, self._training.state)


class _Row(QWidget):
    """The widgets of the toolbar, which share the width of the window."""

    def __init__(self, document: Document, training: Training, actions: Actions) -> None:
        super().__init__()
        self._document = document
        self._training = training
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(52)
        self._fitted: tuple[str, int] = ("", 0)  # the name and the width that the words were chosen for
        self.name = _Name(document)
        self.train = ActionButton(actions["train"], "train_button", primary=True)
        self.pause = ActionButton(actions["pause"], "pause_button", primary=True)
        self.stop = ActionButton(actions["stop"], "stop_button")
        self.step = ActionButton(actions["one_step"], "step_button")
        self.epoch = ActionButton(actions["one_epoch"], "epoch_button")
        self.reset = ActionButton(actions["reset"], "reset_button")
        self.progress = Progress()
        self.device = _device_button(document)
        self.export = _MenuButton("Export", "export_button", actions.menus["export"], "download")
        self.export.setToolTip("Writes the network for other programs, or the drawing as a picture.")
        self.search = ActionButton(actions["search"], "search_button")
        wide = max(self.train.sizeHint().width(), self.pause.sizeHint().width(), 104)
        for button in (self.train, self.pause):
            button.setFixedWidth(wide)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.name)
        row.addSpacing(8)
        for widget in (self.train, self.pause, self.stop, self.step, self.epoch, self.reset):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self.progress)
        row.addSpacing(8)
        row.addWidget(self.device)
        row.addStretch(1)
        row.addWidget(self.export)
        row.addWidget(self.search)

    def renew(self) -> None:
        running = self._training.state in ("running", "pausing")
        focused = self.train.hasFocus() or self.pause.hasFocus()
        self.train.setVisible(not running)
        self.pause.setVisible(running)
        if focused:
            (self.pause if running else self.train).setFocus()
        self.name.renew()
        if self._fitted != (self._document.name, self.width()):
            self._fit()
        self._show_device()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(480, 52)

    def _fit(self) -> None:
        """Shorten one thing after the other until the row is as narrow as the window."""
        self._fitted = (self._document.name, self.width())
        steps: list[Callable[[bool], None]] = [
            lambda short: self.name.set_most(160 if short else 300),
            lambda short: self.search.set_words("Search" if short else "Search actions", keys=True),
            self.export.set_short,
            lambda short: self.search.set_words("", keys=True) if short else None,
            *(button.set_short for button in (self.reset, self.epoch, self.step, self.stop)),
            self.progress.set_short,
            lambda short: self.name.set_most(112) if short else None,
        ]
        for step in steps:
            step(False)
        for step in steps:
            self._row.invalidate()
            if self._row.sizeHint().width() <= self.width():
                return
            step(True)

    def _show_device(self) -> None:
        name = self._document.project.training.device
        for action in self.device.menu().actions():
            action.setChecked(action.data() == name)
        try:
            shown = choose(name).type
        except ValueError:
            shown = name
        self.device.say(_DEVICE_NAMES[shown])
        self.device.setAccessibleName(f"Device: {_DEVICE_NAMES[name]}")


class ActionButton(QPushButton):
    """A button that is an action: its text, icon, tooltip and whether it can be pressed."""

    def __init__(self, action: QAction, object_name: str, primary: bool = False) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self.setProperty("primary", primary)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._action = action
        self._words: str | None = None
        self._keys = False
        if action.property("icon_name"):
            icons.attach(self, action.property("icon_name"), "accent_text" if primary else "text")
        self.clicked.connect(action.trigger)
        action.changed.connect(self._renew)
        self._renew()

    def set_words(self, words: str | None, keys: bool = False) -> None:
        """Show other words than the action's (None: the action's), and its shortcut behind them."""
        self._words, self._keys = words, keys
        self._renew()

    def set_short(self, short: bool) -> None:
        """Show the icon alone."""
        self.set_words("" if short else None)

    def _renew(self) -> None:
        name = self._action.text().replace("&", "")
        words = name if self._words is None else self._words
        keys = self._action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        text = f"{words}   {keys}".strip() if self._keys else words
        if _spaced(text) != self.text():
            self.setText(_spaced(text))
        if self.accessibleName() != name:
            self.setAccessibleName(name)
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())


class _MenuButton(QPushButton):
    """A button that opens a menu; the arrow is behind the words. With an icon it can do without words."""

    def __init__(self, text: str, object_name: str, menu: QMenu, icon: str = "") -> None:
        super().__init__()
        self.setObjectName(object_name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(text)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setStyleSheet("QPushButton::menu-indicator { image: none; width: 0; }")
        self._words, self._icon = text, icon
        self.set_short(False)
        self.setMenu(menu)

    def say(self, text: str) -> None:
        self._words = text
        self.setText(f"{text} ")  # some air before the arrow

    def set_short(self, short: bool) -> None:
        """Show the icon alone."""
        self.setText("" if short else f"{self._words} ")
        icons.attach(self, self._icon if short else "chevron-down")


def _device_button(document: Document) -> _MenuButton:
    menu = QMenu()
    menu.setToolTipsVisible(True)

    def add(name: str, usable: bool, sentence: str) -> None:
        action = menu.addAction(_DEVICE_NAMES[name])
        action.setData(name)
        action.setCheckable(True)
        action.setEnabled(usable)
        action.setToolTip(sentence)
        action.setStatusTip(sentence)
        if not usable:
            action.setText(f"{_DEVICE_NAMES[name]}: {sentence}")
        action.triggered.connect(lambda: document.edit("Change device", document.project.with_training(device=name)))

    add("auto", True, "Takes the fastest device that can be used.")
    for report in devices():
        add(report.name, report.usable, report.sentence)
    button = _MenuButton("", "device_button", menu)
    menu.setParent(button, menu.windowFlags())
    menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    button.setToolTip("Where the network is trained.")
    return button


def _spaced(text: str) -> str:
    """The words with some air before them, where the icon is."""
    return f" {text}" if text else ""


class _Name(QWidget):
    """The name of the document, and whether it is saved; a name that is too long ends in an ellipsis."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setObjectName("document_name")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._document = document
        self._state = ""
        self._most = 300

    def set_most(self, most: int) -> None:
        """Take no more room than this."""
        self._most = most
        self.updateGeometry()

    def renew(self) -> None:
        document = self._document
        if document.modified:
            self._state = "unsaved changes"
        else:
            self._state = "saved" if document.path else "not saved yet"
        self.setAccessibleName(f"{document.name}, {self._state}")
        self.setToolTip(str(document.path or document.name))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the name, if it may be."""
        wanted = QFontMetrics(self._font()).horizontalAdvance(self._document.name) + 4
        return QSize(min(max(160, wanted), self._most), 36)

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(14)
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = theme.current()
        painter = QPainter(self)
        font = self._font()
        painter.setFont(font)
        painter.setPen(shown.color("text"))
        name = painter.fontMetrics().elidedText(self._document.name, Qt.TextElideMode.ElideMiddle, self.width())
        half = self.height() // 2
        painter.drawText(0, 0, self.width(), half + 1, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, name)
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(shown.color("muted"))
        painter.drawText(
            0, half + 1, self.width(), half, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, self._state
        )
