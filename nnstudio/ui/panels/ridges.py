"""Ridges: curves one before the other, the newest in front; and the bar that tells what colours stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QLinearGradient, QPainter, QPen, QPolygonF

from nnstudio.ui import theme
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.plot_items import shade

# The height of a ridge, in distances between two of them.
HEIGHT = 4.0


class Ridges(pg.GraphicsObject):
    """Filled curves. The first is at the back and at the top; ridge number n stands at y = -n."""

    def __init__(self) -> None:
        super().__init__()
        self._ridges: list[QPolygonF] = []
        self._area = QRectF()
        self.restyle()

    def show_ridges(self, ridges: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """(places, densities) of each, the oldest first. The highest of all of them gets the full height."""
        self.prepareGeometryChange()
        highest = max((float(density.max()) for _, density in ridges if len(density)), default=1.0) or 1.0
        self._ridges = []
        self._area = QRectF()
        for number, (places, density) in enumerate(ridges):
            if len(places) == 0:
                continue
            # The square root keeps a flat ridge in sight beside a steep one.
            heights = HEIGHT * np.sqrt(density / highest) - number
            polygon = pg.functions.arrayToQPolygonF(places, heights)
            self._ridges.append(polygon)
            self._area = self._area.united(polygon.boundingRect())
        self.update()

    def restyle(self) -> None:
        self.update()

    def boundingRect(self) -> QRectF:
        return self._area.adjusted(0, -1, 0, 1)

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        back, front = (np.array([c.red(), c.green(), c.blue()]) for c in (shade("neutral"), shade("accent")))
        count = len(self._ridges)
        for number, ridge in enumerate(self._ridges):
            share = (number + 1) / max(count, 1)
            color = shade("accent")
            color.setRgb(*np.rint(back + (front - back) * (0.15 + 0.6 * share)).astype(int).tolist())
            color.setAlphaF(0.92)
            painter.setBrush(color)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPolygon(ridge)
            pen = QPen(shade("accent", 0.35 + 0.65 * share), 1.6 if number == count - 1 else 1.0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(ridge)


class ColorBar(pg.GraphicsWidget):
    """What the colours stand for, at the right of a plot: +limit, 0, -limit."""

    def __init__(self, plot: Any) -> None:
        super().__init__()
        self._plot = plot
        self._limit = 1.0
        self._fit()
        plot.plotItem.layout.addItem(self, 2, 5)

    def show_limit(self, limit: float) -> None:
        if limit != self._limit:
            self._limit = limit
            self._fit()
            self.update()

    def _fit(self) -> None:
        metrics = QFontMetricsF(self._plot.font_)
        width = max(metrics.horizontalAdvance(words) for words in self._words()) + 22
        self.setFixedWidth(width)

    def _words(self) -> tuple[str, str, str]:
        return f"+{figure(self._limit)}", "0", f"−{figure(self._limit)}"

    def paint(self, painter: QPainter, *_: Any) -> None:
        area = self.rect()
        bar = QRectF(area.left() + 8, area.top(), 8, area.height())
        gradient = QLinearGradient(bar.topLeft(), bar.bottomLeft())
        shown = theme.current()
        for place, name in ((0.0, "positive"), (0.5, "neutral"), (1.0, "negative")):
            gradient.setColorAt(place, shown.color(name))
        painter.setPen(QPen(shade("border"), 1))
        painter.setBrush(gradient)
        painter.drawRect(bar)
        painter.setFont(self._plot.font_)
        painter.setPen(shade("muted"))
        height = QFontMetricsF(self._plot.font_).height()
        for place, words in zip((0.0, 0.5, 1.0), self._words(), strict=True):
            y = area.top() + place * (area.height() - height)
            painter.drawText(QRectF(bar.right() + 4, y, area.width(), height), Qt.AlignmentFlag.AlignLeft, words)
