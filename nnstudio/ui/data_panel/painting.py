"""Painting: points and curves made with the mouse or the keyboard. A stroke is one edit."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.ui import theme

MOST_POINTS = 20_000
_MARGIN = 22
_STEP, _FINE = 0.05, 0.01  # of the cursor, in the units of the area
# Points that a brush leaves at each place, and how far from the middle they lie; the radius of the eraser.
BRUSHES = {"fine": (1, 0.0, 0.05), "medium": (4, 0.06, 0.1), "broad": (10, 0.14, 0.2)}
_GOLDEN = math.pi * (3 - math.sqrt(5))
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Down: (0, -1), Qt.Key.Key_Up: (0, 1)}


class Painting(QWidget):
    """The area from -1 to 1 that is painted on. Points are [points, 3] with a class, or [points, 2] of a curve.

    A stroke is shown while it lasts; `painted` carries what it is called and all points after it.
    """

    painted = Signal(str, object)
    class_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("painting")
        self.setAccessibleName("Painting")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(200)
        self.points = np.zeros((0, 3))
        self.classes = 2
        self.chosen_class = 0
        self.erasing = False
        self.brush = "fine"
        self.cursor_place = (0.0, 0.0)
        self._stroke: np.ndarray | None = None
        self._removing = False
        self._last: tuple[float, float] | None = None
        self._strokes = 0

    @property
    def curve(self) -> bool:
        """Whether it is a curve: one value for each x."""
        return self.points.shape[1] == 2

    def renew(self, points: np.ndarray, classes: int) -> None:
        """Show these points."""
        self.points, self.classes = points, classes
        self.chosen_class = min(self.chosen_class, max(classes - 1, 0))
        self._stroke = None
        what = "a curve" if self.curve else f"{classes} classes"
        self.setAccessibleDescription(
            f"{len(points):,} points of {what}. Arrow keys move the cursor, Space adds a point, Delete removes one."
        )
        self.update()

    def clear(self) -> None:
        """Remove all points."""
        self.painted.emit("Clear the painting", self.points[:0])

    # -- places ----------------------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where -1 to 1 is in the widget: square, unless it is a curve."""
        inner = QRectF(self.rect()).adjusted(_MARGIN, 6, -6, -_MARGIN + 4)
        if self.curve:
            return inner
        side = min(inner.width(), inner.height())
        place = QRectF(0, 0, side, side)
        place.moveCenter(inner.center())
        return place

    def to_widget(self, x: float, y: float) -> QPointF:
        area = self.area()
        return QPointF(area.left() + (x + 1) / 2 * area.width(), area.bottom() - (y + 1) / 2 * area.height())

    def from_widget(self, place: QPointF) -> tuple[float, float]:
        area = self.area()
        x = 2 * (place.x() - area.left()) / max(area.width(), 1) - 1
        y = 2 * (area.bottom() - place.y()) / max(area.height(), 1) - 1
        return min(max(x, -1.0), 1.0), min(max(y, -1.0), 1.0)

    # -- strokes ---------------------------------------------------------------------------------------------------

    def _begin(self, x: float, y: float, *, removing: bool) -> None:
        self._stroke, self._removing, self._last = self.points, removing, None
        self._go_on(x, y)

    def _go_on(self, x: float, y: float) -> None:
        """Paint or erase on the way to a place, at equal distances."""
        if self._stroke is None:
            return
        count, spread, radius = BRUSHES[self.brush]
        apart = 0.5 * radius if self._removing else max(0.045, spread)
        from_x, from_y = self._last or (x, y)
        far = math.hypot(x - from_x, y - from_y)
        if self._last is not None and far < apart:
            return
        steps = max(1, int(far / apart))
        for step in range(1, steps + 1):
            here = from_x + (x - from_x) * step / steps, from_y + (y - from_y) * step / steps
            self._stroke = _erased(self._stroke, here, radius) if self._removing else self._added(here, count, spread)
        self._last = (x, y)
        self.update()

    def _added(self, place: tuple[float, float], count: int, spread: float) -> np.ndarray:
        assert self._stroke is not None
        if self.curve:
            kept = self._stroke[np.abs(self._stroke[:, 0] - place[0]) > 0.02]
            made = np.round(np.array([place]), 4)
            found = np.concatenate([kept, made])
            return found[np.argsort(found[:, 0], kind="stable")][:MOST_POINTS]
        self._strokes += 1
        turns = np.arange(count) * _GOLDEN + self._strokes
        radii = spread * np.sqrt((np.arange(count) + 0.5) / count) if count > 1 else np.zeros(1)
        xs = np.clip(place[0] + radii * np.cos(turns), -1, 1)
        ys = np.clip(place[1] + radii * np.sin(turns), -1, 1)
        made = np.column_stack([np.round(xs, 4), np.round(ys, 4), np.full(count, float(self.chosen_class))])
        return np.concatenate([self._stroke, made])[:MOST_POINTS]

    def _end(self) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is not None and not np.array_equal(stroke, self.points):
            self.painted.emit("Erase points" if self._removing else "Paint points", stroke)
        self.update()

    # -- events ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        button = event.button()
        if button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            removing = self.erasing or button == Qt.MouseButton.RightButton
            self._begin(*self.from_widget(event.position()), removing=removing)
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.cursor_place = self.from_widget(event.position())
        if self._stroke is not None:
            self._go_on(*self.cursor_place)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._end()

    def contextMenuEvent(self, event: object) -> None:
        """The right button erases."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ARROWS:
            step = _FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
            x, y = self.cursor_place
            right, up = _ARROWS[key]
            self.cursor_place = min(max(x + right * step, -1.0), 1.0), min(max(y + up * step, -1.0), 1.0)
            self.update()
        elif key == Qt.Key.Key_Space:
            self._begin(*self.cursor_place, removing=self.erasing)
            self._end()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._begin(*self.cursor_place, removing=True)
            self._end()
        elif not self.curve and event.text().isdigit() and 1 <= int(event.text()) <= self.classes:
            self.class_wanted.emit(int(event.text()) - 1)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._end()

    # -- painting --------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, shown = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.area()
        painter.setPen(QPen(shown.color("accent" if self.hasFocus() else "border"), 1))
        painter.setBrush(shown.color("canvas"))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QPen(shown.color("grid"), 1))
        middle = self.to_widget(0, 0)
        painter.drawLine(QPointF(area.left(), middle.y()), QPointF(area.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), area.top()), QPointF(middle.x(), area.bottom()))
        self._paint_axes(painter, area)
        points = self.points if self._stroke is None else self._stroke
        if self.curve and len(points) > 1:
            painter.setPen(QPen(shown.color("border"), 1.5))
            painter.drawPolyline([self.to_widget(x, y) for x, y in points.tolist()])
        colors = theme.class_colors(shown, max(self.classes, 2))
        painter.setPen(QPen(shown.color("window"), 1))
        for point in points.tolist():
            painter.setBrush(shown.color("train") if self.curve else colors[int(point[2]) % len(colors)])
            painter.drawEllipse(self.to_widget(point[0], point[1]), 4, 4)
        self._paint_cursor(painter, area)
        if not len(points):
            painter.setPen(shown.color("muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, "Press and drag to paint.")
        painter.end()

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(theme.current().color("muted"))
        below = QRectF(area.left(), area.bottom() + 2, area.width(), 14)
        aside = QRectF(area.left() - _MARGIN, area.top(), _MARGIN - 4, area.height())
        right, top, bottom = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "-1")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "x" if self.curve else "x1")
        painter.drawText(below, right, "1")
        painter.drawText(aside, right | top, "1")
        painter.drawText(aside, right | Qt.AlignmentFlag.AlignVCenter, "y" if self.curve else "x2")
        painter.drawText(aside, right | bottom, "-1")

    def _paint_cursor(self, painter: QPainter, area: QRectF) -> None:
        if not (self.hasFocus() or self.underMouse()):
            return
        _, spread, radius = BRUSHES[self.brush]
        reach = radius if self.erasing or (self._removing and self._stroke is not None) else max(spread, 0.03)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.current().color("text"), 1))
        across, up = reach / 2 * area.width(), reach / 2 * area.height()
        painter.drawEllipse(self.to_widget(*self.cursor_place), across, up)


def _erased(points: np.ndarray, place: tuple[float, float], radius: float) -> np.ndarray:
    if not len(points):
        return points
    return points[np.hypot(points[:, 0] - place[0], points[:, 1] - place[1]) > radius]
