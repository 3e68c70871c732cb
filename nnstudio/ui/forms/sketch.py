"""Small pictures inside a form: a histogram and a curve, painted in the colours of the theme."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.ui import theme

FOOT = 18  # pixels under the picture for its axis


class Histogram(QWidget):
    """Bars over an axis; negative values in blue and positive ones in orange, as everywhere."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._counts = np.zeros(0)
        self._edges = np.zeros(1)
        self.setAccessibleName(name)
        self.setFixedHeight(72 + FOOT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def renew(self, counts: np.ndarray, edges: np.ndarray) -> None:
        """Show these counts [bins] between these edges [bins + 1]."""
        self._counts, self._edges = counts, edges
        if len(counts):
            self.setAccessibleDescription(
                f"{int(counts.sum()):,} values from {_short(edges[0])} to {_short(edges[-1])}, "
                f"most of them near {_short((edges[counts.argmax()] + edges[counts.argmax() + 1]) / 2)}."
            )
            self.setToolTip(f"<p>{self.accessibleDescription()}</p>")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors = QPainter(self), theme.current()
        area = QRectF(0, 0, self.width(), self.height() - FOOT)
        if len(self._counts) and self._counts.max() > 0:
            low, high = float(self._edges[0]), float(self._edges[-1])
            width = area.width() / len(self._counts)
            for i, count in enumerate(self._counts):
                middle = (self._edges[i] + self._edges[i + 1]) / 2
                height = max(float(count) / float(self._counts.max()) * (area.height() - 2), 1.0 if count else 0.0)
                bar = QRectF(i * width, area.bottom() - height, max(width - 1, 1), height)
                painter.fillRect(bar, colors.color("positive" if middle > 0 else "negative"))
            if low < 0 < high:
                x = area.width() * -low / (high - low)
                painter.setPen(QPen(colors.color("muted"), 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(x, 0), QPointF(x, area.bottom()))
            _axis(painter, self.font(), area, _short(low), _short(high), "0" if low < 0 < high else "", low, high)
        painter.setPen(colors.color("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.end()


class Curve(QWidget):
    """A line over whole numbers that begin at 1, with its largest and smallest value, and the value under the mouse."""

    def __init__(self, name: str, axis: str) -> None:
        super().__init__()
        self._values = np.zeros(0)
        self._axis = axis
        self._hovered: int | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFixedHeight(84 + FOOT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def values(self) -> np.ndarray:
        """What is shown."""
        return self._values

    def renew(self, values: np.ndarray) -> None:
        """Show these values, the first at 1."""
        self._values = np.asarray(values, float)
        self._hovered = None
        if len(self._values):
            self.setAccessibleDescription(
                f"From {_short(self._values[0])} to {_short(self._values[-1])}, at most {_short(self._values.max())}."
            )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        count = len(self._values)
        if count:
            place = event.position().x() / max(self.width() - 1, 1)
            self._hovered = int(np.clip(round(place * (count - 1)), 0, count - 1))
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(0, 16, self.width(), self.height() - FOOT - 16)
        painter.setPen(colors.color("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        values = self._values
        if not len(values):
            painter.end()
            return
        count, top = len(values), max(float(values.max()), 1e-300)
        places = np.linspace(1.0, area.width() - 1.0, count) if count > 1 else np.array([area.width() / 2])
        heights = area.bottom() - 1 - values / top * (area.height() - 3)
        if count > 600:  # thinned by minimum and maximum, so that no spike is lost
            places, heights = _thinned(places, heights, 300)
        line = [QPointF(x, y) for x, y in zip(places.tolist(), heights.tolist(), strict=True)]
        if count == 1:
            line = [QPointF(1, line[0].y()), QPointF(area.width() - 1, line[0].y())]
        fill = QColor(colors.color("accent"))
        fill.setAlphaF(0.14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        feet = [QPointF(point.x(), area.bottom()) for point in (line[-1], line[0])]
        painter.drawPolygon(QPolygonF([*line, *feet]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.color("accent"), 1.6))
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(colors.color("muted"))
        painter.setFont(_small(self.font()))
        words = f"{_short(top)} in every {self._axis}" if values.min() == top else f"at most {_short(top)}"
        if self._hovered is not None:
            words = f"{_short(values[self._hovered])} in {self._axis} {self._hovered + 1:,}"
            x = float(np.linspace(1.0, area.width() - 1.0, count)[self._hovered]) if count > 1 else area.width() / 2
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.drawText(QRectF(0, 0, self.width(), 14), Qt.AlignmentFlag.AlignLeft, words)
        _axis(painter, self.font(), area, "1", f"{self._axis} {count:,}", "", 0, 1)
        painter.end()


def _thinned(places: np.ndarray, heights: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    kept = []
    for part in np.array_split(np.arange(len(places)), bins):
        kept.extend(sorted({int(part[heights[part].argmin()]), int(part[heights[part].argmax()])}))
    return places[kept], heights[kept]


def _axis(
    painter: QPainter, font: QFont, area: QRectF, left: str, right: str, zero: str, low: float, high: float
) -> None:
    painter.setFont(_small(font))
    painter.setPen(theme.current().color("muted"))
    line = QRectF(0, area.bottom() + 3, area.width(), 14)
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft, left)
    painter.drawText(line, Qt.AlignmentFlag.AlignRight, right)
    metrics = painter.fontMetrics()
    if zero:
        x = area.width() * -low / (high - low)
        room = metrics.horizontalAdvance(zero) + 8
        if metrics.horizontalAdvance(left) + room < x < area.width() - metrics.horizontalAdvance(right) - room:
            painter.drawText(QRectF(x - 20, line.top(), 40, 14), Qt.AlignmentFlag.AlignHCenter, zero)


def _small(font: QFont) -> QFont:
    found = QFont(font)
    found.setPixelSize(11)
    return found


def _short(number: float) -> str:
    return f"{float(number):.3g}".replace("e-0", "e-").replace("-", "−")
