"""Histograms: how the values of each feature are spread, the parts laid over each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from nnstudio.engine.data_overview import Histogram
from nnstudio.ui import theme
from nnstudio.ui.data_panel.tiles import Tiles

_TITLE, _AXIS = 18, 16
_PART_COLORS = {"train": "train", "validation": "normalisation", "test": "test"}


class Histograms(Tiles):
    """A tile for each feature."""

    def __init__(self) -> None:
        super().__init__("Histograms", least_width=112, height=100, gap=12)
        self.setObjectName("histograms")
        self._shown: tuple[Histogram, ...] = ()

    def renew(self, shown: Sequence[Histogram]) -> None:
        """Show these."""
        self._shown = tuple(shown)
        self.setAccessibleDescription(", ".join(described(one) for one in self._shown[:20]))
        self.renew_tiles()

    def count(self) -> int:
        return len(self._shown)

    def tip(self, number: int) -> str:
        return described(self._shown[number])

    def paint_tile(self, painter: QPainter, number: int, place: QRectF) -> None:
        shown = self._shown[number]
        head = QRectF(place.left(), place.top(), place.width(), _TITLE)
        missing = f"{shown.missing:.0%} missing" if shown.missing >= 0.005 else ""
        width = painter.fontMetrics().horizontalAdvance(missing) + 8 if missing else 0
        self.write(painter, head.adjusted(0, 0, -width, 0), shown.name, "text", Qt.AlignmentFlag.AlignLeft)
        if missing:
            self.write(painter, head, missing, "warning", Qt.AlignmentFlag.AlignRight)
        foot = QRectF(place.left(), place.bottom() - _AXIS, place.width(), _AXIS)
        if shown.shares:
            low, high = ends(shown)
            self.write(painter, foot, f"{low:.4g}", "muted", Qt.AlignmentFlag.AlignLeft)
            self.write(painter, foot, f"{high:.4g}", "muted", Qt.AlignmentFlag.AlignRight)
        paint_histogram(painter, shown, place.adjusted(0, _TITLE + 2, 0, -_AXIS))


def paint_histogram(painter: QPainter, shown: Histogram, area: QRectF) -> None:
    """The training part as columns, the others as lines over them."""
    colors = theme.current()
    painter.setPen(QPen(colors.color("border"), 1))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    tallest = shown.tallest
    if tallest <= 0:
        return
    low, high = float(shown.edges[0]), float(shown.edges[-1])
    xs = area.left() + (shown.edges - low) / max(high - low, 1e-300) * area.width()
    for part, shares in shown.shares.items():
        tops = area.bottom() - shares / tallest * (area.height() - 1)
        color = colors.color(_PART_COLORS[part])
        if part == "train":
            painter.setPen(Qt.PenStyle.NoPen)
            color.setAlphaF(0.55)
            painter.setBrush(color)
            for left, right, top in zip(xs[:-1], xs[1:], tops, strict=True):
                gap = 0.5 if right - left > 3 else 0.0
                painter.drawRect(QRectF(left + gap, top, max(right - left - 2 * gap, 0.5), area.bottom() - top))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color, 1.4))
            corners = [QPointF(xs[0], area.bottom())]
            for left, right, top in zip(xs[:-1], xs[1:], tops, strict=True):
                corners += [QPointF(left, top), QPointF(right, top)]
            painter.drawPolyline(QPolygonF([*corners, QPointF(xs[-1], area.bottom())]))


def ends(shown: Histogram) -> tuple[float, float]:
    """The smallest and the largest value; columns for whole numbers begin half a one before them."""
    low, high = float(shown.edges[0]), float(shown.edges[-1])
    whole = low % 1 == 0.5 and high % 1 == 0.5 and len(shown.edges) == round(high - low) + 1
    return (low + 0.5, high - 0.5) if whole else (low, high)


def described(shown: Histogram) -> str:
    """A histogram in words."""
    if not shown.shares:
        return f"{shown.name}: no number"
    shares = next(iter(shown.shares.values()))
    fullest = int(np.argmax(shares))
    words = (
        f"{shown.name}: {ends(shown)[0]:.4g} to {ends(shown)[1]:.4g}, "
        f"most between {shown.edges[fullest]:.4g} and {shown.edges[fullest + 1]:.4g}"
    )
    return words + (f", {shown.missing:.1%} missing" if shown.missing else "")
