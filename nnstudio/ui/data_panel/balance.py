"""Balance: how many rows each class has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.ui import theme

LINE = 20
MOST = 12  # classes with a line of their own


class Balance(QWidget):
    """A bar for each class, with its name and its count."""

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._counts = np.zeros(0, int)
        self.setAccessibleName("Rows in each class")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def renew(self, names: Sequence[str], counts: np.ndarray) -> None:
        """Show these classes with these counts."""
        self._names, self._counts = tuple(names), counts
        text = ", ".join(f"{name} {count:,}" for name, count in zip(names, counts.tolist(), strict=True))
        self.setAccessibleDescription(text)
        self.setToolTip(f"<p>{text}</p>")
        self.setFixedHeight(LINE * (min(len(names), MOST) + (len(names) > MOST)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, LINE * max(len(self._names), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._names:
            return
        painter, found = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.class_colors(found, len(self._names))
        metrics = painter.fontMetrics()
        label = min(max(metrics.horizontalAdvance(name) for name in self._names[:MOST]) + 4, self.width() // 2)
        number = max(metrics.horizontalAdvance(f"{count:,}") for count in self._counts.tolist())
        left = label + 10
        room = max(self.width() - left - number - 10, 10)
        for place, (name, count) in enumerate(zip(self._names[:MOST], self._counts.tolist(), strict=False)):
            top = place * LINE
            painter.setPen(found.color("text"))
            words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, label)
            painter.drawText(QRectF(0, top, label + 2, LINE), Qt.AlignmentFlag.AlignVCenter, words)
            width = max(room * count / max(int(self._counts.max()), 1), 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors[place])
            painter.drawRoundedRect(QRectF(left, top + 6, width, LINE - 12), 3, 3)
            painter.setPen(found.color("muted"))
            painter.drawText(
                QRectF(left + width + 6, top, number + 6, LINE), Qt.AlignmentFlag.AlignVCenter, f"{count:,}"
            )
        if len(self._names) > MOST:
            painter.setPen(found.color("muted"))
            rest = f"and {len(self._names) - MOST} more classes"
            painter.drawText(QRectF(0, MOST * LINE, self.width(), LINE), Qt.AlignmentFlag.AlignVCenter, rest)
        painter.end()
