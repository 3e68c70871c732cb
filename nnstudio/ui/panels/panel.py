"""Panel: a live view.

While it is visible, the worker calls `request()`'s function between two steps of training, and the window hands the
newest reading to `draw`. A hidden panel is not asked and costs nothing. A slow one is asked less often.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui.document import Document

Measure = Callable[[Run], Any]


class Panel(QWidget):
    """The base of all live views.

    `key` names it in saved window states; `title` is on its dock; `sentence` says what it shows and how to get there.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    sentence: ClassVar[str] = ""
    # where it stands among the others, from left to right
    order: ClassVar[int] = 100
    # whether it is seen when the window opens for the first time; the View menu shows it otherwise
    at_first: ClassVar[bool] = True
    # what it is to show is another thing than at the last reading: it wants to be asked again, now
    stale = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.setObjectName(f"panel_{self.key}")
        self.setAccessibleName(self.title)

    def request(self) -> Measure | None:
        """What to measure now: a function of the Run that touches no Qt, draws no random number and changes nothing.

        It is called in the worker between two steps. None: there is nothing to measure (the snapshot is enough).
        """
        return None

    def draw(self, reading: Any, snapshot: Snapshot) -> None:
        """Show the newest reading (None when `request` gave None). Called in the window's thread."""
        raise NotImplementedError

    def clear(self) -> None:
        """Show the empty state: no training yet, or the weights were reset."""
        raise NotImplementedError

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.stale.emit()
