"""What a screen reader could not say."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget


def nameless(root: QWidget) -> list[QWidget]:
    """What is seen and takes the focus, and has neither a name nor a text that is one."""
    found = []
    for widget in root.findChildren(QWidget):
        takes_focus = widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.focusProxy() is None
        if takes_focus and widget.isVisible():
            words = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
            if not words.strip():
                found.append(widget)
    return found
