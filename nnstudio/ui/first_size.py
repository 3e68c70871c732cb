"""How large a window is before anyone has resized it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

WANTED = QSize(1280, 800)
_FRAME = QSize(16, 48)  # what the desktop puts around a window that is not on the screen yet, at most


def first_size(widget: QWidget) -> QSize:
    """As large as is comfortable, if the screen has room for that and the frame of the window."""
    return WANTED.boundedTo(widget.screen().availableSize() - _FRAME).expandedTo(widget.minimumSize())
