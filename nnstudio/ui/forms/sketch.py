"""A histogram inside a form, painted in the colours of the theme, and how such pictures are lettered."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
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
                f"{int(counts.sum()):,} values from {short_number(edges[0])} to {short_number(edges[-1])}, "
                f"most of them near {short_number((edges[counts.argmax()] + edges[counts.argmax() + 1]) / 2)}."
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
            _axis(
                painter,
                self.font(),
                area,
                short_number(low),
                short_number(high),
                "0" if low < 0 < high else "",
                low,
                high,
            )
        painter.setPen(colors.color("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.end()


def _axis(
    painter: QPainter, font: QFont, area: QRectF, left: str, right: str, zero: str, low: float, high: float
) -> None:
    painter.setFont(small_font(font))
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


def small_font(font: QFont) -> QFont:
    """The font of the words in a picture."""
    found = QFont(font)
    found.setPixelSize(11)
    return found


def short_number(number: float) -> str:
    """Three figures, with a real minus sign."""
    return f"{float(number):.3g}".replace("e-0", "e-").replace("-", "−")
