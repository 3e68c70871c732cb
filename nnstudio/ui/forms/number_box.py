"""NumberBox: a spin box over text, for whole and for floating numbers of any size.

Qt's own boxes stop at 32 bits, round to a fixed count of decimals and write in the locale of the desktop; this one
holds what was typed, and `nnstudio.ui.forms.numbers` reads it.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QStyle, QStyleOptionSpinBox, QWidget

from nnstudio.core.spec import Limits
from nnstudio.ui import theme
from nnstudio.ui.forms.field import Editor
from nnstudio.ui.forms.numbers import read_number, read_whole, short


class NumberBox(Editor, QAbstractSpinBox):
    """Text with arrows. `typed` comes for every change by the keyboard, `stepped` for every step by arrows."""

    typed = Signal()
    stepped = Signal()

    def __init__(self, limits: Limits, *, whole: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.limits = limits
        self.whole = whole
        self.first: float | None = None  # where the arrows begin in an empty box
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccelerated(True)
        self.lineEdit().setTextMargins(7, 0, 0, 0)
        self.lineEdit().textEdited.connect(self.typed)

    def set_text(self, text: str) -> None:
        if text != self.text():
            self.lineEdit().setText(text)

    def number(self) -> float | int | None:
        """The number as it stands, or None where the text is none."""
        try:
            return read_whole(self.text()) if self.whole else read_number(self.text())
        except ValueError:
            return None

    # -- steps -----------------------------------------------------------------------------------------------------

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self.isReadOnly():
            return flags
        number = self.number()
        if number is None or stepped(number, 1, self.limits, whole=self.whole) != number:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if number is None or stepped(number, -1, self.limits, whole=self.whole) != number:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return flags

    def stepBy(self, steps: int) -> None:
        number = self.number()
        if number is None:
            empty = not self.text().strip() and self.first is not None
            number, steps = (self.first or 0, 0) if empty else (self.limits.minimum or 0, steps)
        for _ in range(abs(steps)):
            number = stepped(number, 1 if steps > 0 else -1, self.limits, whole=self.whole)
        self.set_text(short(int(number) if self.whole else float(number)))
        self.selectAll()
        self.stepped.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only with the focus: a wheel that scrolls the page must not change what it passes over."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    # -- looks -----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(80, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(48, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        enabled = self.stepEnabled()
        for control, flag, up in (
            (QStyle.SubControl.SC_SpinBoxUp, QAbstractSpinBox.StepEnabledFlag.StepUpEnabled, True),
            (QStyle.SubControl.SC_SpinBoxDown, QAbstractSpinBox.StepEnabledFlag.StepDownEnabled, False),
        ):
            place = self.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, control, self)
            middle = QPointF(place.center()) + QPointF(0.5, 1.5 if up else -0.5)
            paint_chevron(painter, middle, up=up, faint=not (enabled & flag and self.isEnabled()))
        painter.end()


def paint_chevron(painter: QPainter, middle: QPointF, *, up: bool, faint: bool = False) -> None:
    """The small arrow of boxes and lists."""
    color = theme.current().color("muted")
    color.setAlphaF(0.3 if faint else 1.0)
    painter.setPen(QPen(color, 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    height = -1.5 if up else 1.5
    corners = (QPointF(-3, -height), QPointF(0, height), QPointF(3, -height))
    painter.drawPolyline(QPolygonF([middle + corner for corner in corners]))


def stepped(number: float, direction: int, limits: Limits, *, whole: bool) -> float:
    """The next number up or down: by factors where the setting is logarithmic, by a fit difference elsewhere."""
    if limits.logarithmic:
        found = _doubled(number, direction) if whole else _one_two_five(number, direction)
    else:
        step = 1.0 if whole else _difference(number, limits)
        found = round(round(number / step) * step + direction * step, 12)
        inside = round(number / step) * step
        if not math.isclose(inside, number, abs_tol=step * 1e-6):  # first onto the grid of steps
            found = round((math.floor(number / step) + (1 if direction > 0 else 0)) * step, 12)
    low, high = limits.minimum, limits.maximum
    if low is not None and (found <= low if limits.above_minimum else found < low):
        found = number if limits.above_minimum else low
    if high is not None and found > high:
        found = high
    return int(found) if whole else float(found)


def _difference(number: float, limits: Limits) -> float:
    if limits.minimum is not None and limits.maximum is not None:
        span = limits.maximum - limits.minimum
    else:
        span = max(abs(number) * 2, 1.0)
    return float(10 ** math.floor(math.log10(span / 10))) * (0.5 if span <= 1 else 1)


def _doubled(number: float, direction: int) -> float:
    if number <= 0:
        return 1 if direction > 0 else number - 1
    return number * 2 if direction > 0 else number // 2


def _one_two_five(number: float, direction: int) -> float:
    if number <= 0:
        return 1e-5 if direction > 0 else number
    exponent = math.floor(math.log10(number) + 1e-9)
    ladder = [float(f"{digit}e{power}") for power in range(exponent - 1, exponent + 2) for digit in (1, 2, 5)]
    if direction > 0:
        return next(rung for rung in ladder if rung > number * (1 + 1e-9))
    found = next(rung for rung in reversed(ladder) if rung < number * (1 - 1e-9))
    return 0.0 if found < 1e-10 else found
