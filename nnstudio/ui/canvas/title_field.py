"""TitleField: the name of a node, typed right on it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class TitleField(QLineEdit):
    """Enter or a click elsewhere decides, Escape does not."""

    def __init__(self, parent: QWidget, title: str, place: QRect, decide: Callable[[str], object]) -> None:
        super().__init__(title, parent)
        self.setObjectName("title_field")
        self.setAccessibleName("Name of the layer")
        self.setMaxLength(80)
        self._decide = decide
        self._over = False
        self.setGeometry(place)
        self.selectAll()
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._end(decided=False)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._end(decided=True)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._end(decided=True)

    def _end(self, decided: bool) -> None:
        if self._over:
            return
        self._over = True
        if decided:
            self._decide(self.text())
        self.hide()
        self.deleteLater()
