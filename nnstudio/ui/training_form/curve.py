"""ScheduleCurve: the learning rate over the whole training, drawn before it begins, and where a training stands."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.engine.schedule_curve import RateCurve
from nnstudio.ui import theme
from nnstudio.ui.forms.sketch import FOOT, short_number, small_font

_HEAD = 18
_HEIGHT = 84


class ScheduleCurve(QWidget):
    """Works out a long curve in small pieces, so that the window stays quick."""

    # the curve is complete, or cannot be drawn
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.curve: RateCurve | None = None
        self.refusal = ""
        self.place: float | None = None  # epochs done in the training under way
        self._hovered: float | None = None
        self._work: Iterator[RateCurve | None] | None = None
        self._soon = QTimer(self, interval=0)
        self._soon.timeout.connect(self._go_on)
        self.setObjectName("schedule_curve")
        self.setAccessibleName("Learning rate over the epochs")
        self.setMouseTracking(True)
        self.setFixedHeight(_HEAD + _HEIGHT + FOOT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def busy(self) -> bool:
        """Whether it is still being worked out."""
        return self._work is not None

    def renew(self, work: Iterator[RateCurve | None] | None) -> None:
        """Work this curve out and show it; None shows none."""
        self._work, self.refusal = work, ""
        self._soon.stop()
        if work is None:
            self._end(None)
            return
        for _ in range(3):  # a short one is there at once
            self._go_on()
        if self.busy:
            self._soon.start()

    def mark(self, place: float | None) -> None:
        """Mark where a training stands, in epochs done."""
        if place != self.place:
            before, self.place = self.place, place
            if self.curve is not None and self._pixel(before) != self._pixel(place):
                self.update()

    def _go_on(self) -> None:
        if self._work is None:
            return
        try:
            found = next(self._work)
        except (ValueError, ArithmeticError, RuntimeError) as error:
            self.refusal = str(error)
            self._end(None)
            return
        if found is not None:
            self._end(found)

    def _end(self, curve: RateCurve | None) -> None:
        self._soon.stop()
        self._work, self.curve, self._hovered = None, curve, None
        if curve is not None:
            rates = curve.rates
            self.setAccessibleDescription(
                f"From {short_number(rates[0])} to {short_number(rates[-1])} over {curve.end:,.0f} epochs, "
                f"at most {short_number(rates.max())}."
            )
        self.update()
        self.finished.emit()

    def rate_at(self, epoch: float) -> float:
        """The learning rate that is drawn at this place."""
        assert self.curve is not None
        place = int(np.searchsorted(self.curve.epochs, epoch, side="right")) - 1
        return float(self.curve.rates[max(place, 0)])

    def _pixel(self, epoch: float | None) -> int | None:
        if epoch is None or self.curve is None or epoch > self.curve.end:
            return None
        return round(1 + epoch / self.curve.end * (self.width() - 2))

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.curve is not None:
            share = (event.position().x() - 1) / max(self.width() - 2, 1)
            self._hovered = min(max(share, 0.0), 1.0) * self.curve.end
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(1, _HEAD, self.width() - 2, _HEIGHT)
        painter.setPen(colors.color("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setFont(small_font(self.font()))
        if self.curve is not None:
            self._paint_curve(painter, area, self.curve)
        elif self.busy:
            painter.setPen(colors.color("muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "The curve is being worked out.")
        painter.end()

    def _paint_curve(self, painter: QPainter, area: QRectF, curve: RateCurve) -> None:
        colors = theme.current()
        epochs, rates = curve.stairs
        top = max(float(rates.max()), 1e-300)
        xs = area.left() + epochs / curve.end * area.width()
        ys = area.bottom() - 1 - rates / top * (area.height() - 3)
        line = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
        fill = QColor(colors.color("accent"))
        fill.setAlphaF(0.14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        feet = [QPointF(line[-1].x(), area.bottom()), QPointF(line[0].x(), area.bottom())]
        painter.drawPolygon(QPolygonF([*line, *feet]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.color("accent"), 1.6))
        painter.drawPolyline(QPolygonF(line))
        words = f"at most {short_number(top)}" if rates.min() < top else f"{short_number(top)} throughout"
        standing = self._pixel(self.place)
        if standing is not None and self.place is not None:
            words = f"now {short_number(self.rate_at(self.place))}, after {self.place:,.4g} epochs"
            self._paint_place(painter, area, standing, self.rate_at(self.place) / top)
        if self._hovered is not None:
            words = f"{short_number(self.rate_at(self._hovered))} after {self._hovered:,.4g} epochs"
            x = float(self._pixel(self._hovered) or 0)
            painter.setPen(colors.color("muted"))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(colors.color("muted"))
        painter.drawText(QRectF(0, 0, self.width(), 16), Qt.AlignmentFlag.AlignLeft, words)
        foot = QRectF(0, area.bottom() + 3, self.width(), 14)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{curve.end:,.6g} epochs")

    def _paint_place(self, painter: QPainter, area: QRectF, x: float, height: float) -> None:
        colors = theme.current()
        painter.setPen(QPen(colors.color("text"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QPen(colors.color("window"), 1.5))
        painter.setBrush(colors.color("accent"))
        painter.drawEllipse(QPointF(x, area.bottom() - 1 - height * (area.height() - 3)), 4.5, 4.5)
