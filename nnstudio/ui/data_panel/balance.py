"""Balance: how many rows each class has, in each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from nnstudio.ui import theme
from nnstudio.ui.data_panel.tiles import Tiles

LINE = 22
MOST = 12  # classes that are seen without scrolling
# How solid the bar of each part is, so that parts are told apart without colour.
_SOLID = {"train": 1.0, "validation": 0.6, "test": 0.3}


class Balance(Tiles):
    """A bar for each class, with its name and its count; the parts of the bar are the parts of the data."""

    def __init__(self) -> None:
        super().__init__("Rows in each class", least_width=4000, height=LINE, gap=0)
        self.setObjectName("balance")
        self._names: tuple[str, ...] = ()
        self._counts: dict[str, np.ndarray] = {}
        self._totals = np.zeros(0, np.int64)

    def renew(self, names: Sequence[str], counts: Mapping[str, np.ndarray]) -> None:
        """Show these classes with these counts in each part."""
        self._names, self._counts = tuple(names), dict(counts)
        self._totals = sum(self._counts.values(), np.zeros(len(self._names), np.int64))
        self.setAccessibleDescription(", ".join(self.tip(number) for number in range(min(len(self._names), 50))))
        self.renew_tiles()

    def fit(self) -> None:
        """As high as its lines, up to some."""
        self.setFixedHeight(LINE * min(max(len(self._names), 1), MOST))

    def count(self) -> int:
        return len(self._names)

    def tip(self, number: int) -> str:
        parts = ", ".join(f"{counted[number]:,} {part}" for part, counted in self._counts.items())
        return f"{self._names[number]}: {int(self._totals[number]):,} ({parts})"

    def paint_tile(self, painter: QPainter, number: int, place: QRectF) -> None:
        painter.setFont(self.font())
        metrics = painter.fontMetrics()
        longest = max((metrics.horizontalAdvance(name) for name in self._names[:200]), default=0)
        label = min(longest + 4, place.width() / 3)
        largest = int(self._totals.max()) if len(self._totals) else 0
        room_for_number = metrics.horizontalAdvance(f"{largest:,}") + 8
        self.write(
            painter,
            QRectF(place.left(), place.top(), label, LINE),
            self._names[number],
            "text",
            Qt.AlignmentFlag.AlignLeft,
        )
        left = place.left() + label + 10
        room = max(place.right() - left - room_for_number, 10)
        x = left
        painter.setPen(Qt.PenStyle.NoPen)
        for part, counted in self._counts.items():
            width = room * int(counted[number]) / max(largest, 1)
            color = theme.class_colors(theme.current(), len(self._names))[number]
            color.setAlphaF(_SOLID[part])
            painter.setBrush(color)
            painter.drawRect(QRectF(x, place.top() + 6, width, LINE - 12))
            x += width
        words = f"{int(self._totals[number]):,}"
        self.write(
            painter, QRectF(x + 6, place.top(), room_for_number, LINE), words, "muted", Qt.AlignmentFlag.AlignLeft
        )
