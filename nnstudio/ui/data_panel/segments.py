"""Segments: a row of small buttons of which one is down."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class Segments(QWidget):
    """One of some choices, all of them seen. `chosen` carries the key of another one."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self.offer(choices)

    @property
    def key(self) -> str:
        """Which one is down; empty where there is none."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def button(self, key: str) -> QToolButton:
        return self._buttons[key]

    def keys(self) -> list[str]:
        """All choices."""
        return list(self._buttons)

    def offer(self, choices: Iterable[tuple[str, str]]) -> None:
        """Have these choices; the one that was down stays down if it is still there."""
        wanted = dict(choices)
        if list(wanted) == list(self._buttons):
            return
        before = self.key
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = {}
        for key, words in wanted.items():
            button = QToolButton()
            button.setText(words)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(f"{self.accessibleName()}: {words}")
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._row.addWidget(button)
            self._buttons[key] = button
        self.choose(before if before in wanted else next(iter(wanted), ""))
        self.setVisible(len(wanted) > 1)

    def choose(self, key: str) -> None:
        """Put this one down; says nothing."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        keys = self.keys()
        if step is None or not keys:
            event.ignore()
            return
        key = keys[(keys.index(self.key) + step) % len(keys)]
        self.choose(key)
        self._buttons[key].setFocus()
        self.chosen.emit(key)
