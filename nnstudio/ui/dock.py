"""Dock: a part of the window that moves, floats, tabs and closes, under a quiet title."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from nnstudio.ui import icons
from nnstudio.ui.panels.framed import FramedPanel

_ROOMY = 400
_HINT = "Drag to move it, double-click to let it float."


class Dock(QDockWidget):
    """A widget in the border of the window. Its key names it in saved layouts.

    A panel brings a header with switches, which then is the title; any other widget gets a plain one. Among tabs the
    name is on the tab already.
    """

    def __init__(self, key: str, title: str, widget: QWidget, sentence: str = "") -> None:
        super().__init__(title)
        self.setObjectName(f"dock_{key}")
        self.setAccessibleName(title)
        self.setWidget(widget)
        self._panel = widget if isinstance(widget, FramedPanel) else None
        self._plain = _Title(title, sentence)
        self._empty = QWidget()
        self._empty.setFixedHeight(4)
        if self._panel is not None:
            self._close = self._close_button()
            self._panel.header.add(self._close)
            self._panel.header.installEventFilter(self)
            self._panel.header.setToolTip(_HINT)
            self.setTitleBarWidget(self._panel.header)
        else:
            self._plain.row.addWidget(self._close_button())
            self.setTitleBarWidget(self._plain)
        for part in (self._plain, self._empty):
            part.setParent(self)
            part.setVisible(part is self.titleBarWidget())
        self.in_front = False
        self.visibilityChanged.connect(self._note_front)
        # Qt's own action would close a dock that lies behind another, though its name is chosen to see it.
        self.show_action = QAction(title, self, checkable=True)
        self.show_action.setObjectName(f"action_show_{key}")
        self.show_action.setToolTip(sentence or f"Shows or hides {title}.")
        self.show_action.setStatusTip(sentence or f"Shows or hides {title}.")
        self.show_action.triggered.connect(self.toggle)
        self.toggleViewAction().toggled.connect(self.show_action.setChecked)

    def toggle(self) -> None:
        """Close it if it is seen; else bring it to the front."""
        if self.in_front:
            self.close()
        else:
            self.show()
            self.raise_()
        self.show_action.setChecked(not self.isHidden())

    def _note_front(self, in_front: bool) -> None:
        self.in_front = in_front

    def show_title(self, shown: bool) -> None:
        """Say the name or leave it to the tab."""
        if self._panel is not None:
            self._panel.header.show_title(shown)
            return
        wanted = self._plain if shown else self._empty
        if self.titleBarWidget() is not wanted:
            self.setTitleBarWidget(wanted)
            self._plain.setVisible(shown)
            self._empty.setVisible(not shown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In a narrow header the title needs the room of the button; the View menu closes it too."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self._close.setVisible(watched.width() >= _ROOMY)
        return super().eventFilter(watched, event)

    def _close_button(self) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(f"Close {self.windowTitle()}")
        button.setToolTip(f"Close {self.windowTitle()}; the View menu brings it back.")
        button.setIconSize(QSize(14, 14))
        button.setFixedSize(24, 24)
        button.setStyleSheet("padding: 0;")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.attach(button, "x", "muted")
        button.clicked.connect(self.close)
        return button


class _Title(QWidget):
    """The name of a dock, and room for its button."""

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__()
        label = QLabel(title)
        label.setProperty("role", "heading")
        label.setToolTip(sentence or _HINT)
        label.setMinimumWidth(20)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 4, 4, 4)
        self.row.setSpacing(0)
        self.row.addWidget(label, 1)
