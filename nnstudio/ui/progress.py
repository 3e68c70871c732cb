"""Progress: where the training stands, painted by one widget so that a new number moves nothing beside it."""

from __future__ import annotations

import time

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.engine.run import Snapshot
from nnstudio.ui import theme

_BAR = 92
_GAP = 12
_INTERVAL = 0.1  # numbers that change more often cannot be read


class Progress(QWidget):
    """ "epoch 124 of 200", a bar, and "8 s left · 6,240 steps/s"."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("progress")
        self.setAccessibleName("Progress of the training")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._epoch = 0
        self._epochs = 1
        self._share = 0.0
        self._right = ""
        self._due = 0.0
        self._short = False

    def set_short(self, short: bool) -> None:
        """Leave the words at the right out."""
        if short != self._short:
            self._short = short
            self.updateGeometry()
            self.update()

    def show_snapshot(self, snapshot: Snapshot | None, epochs: int, state: str) -> None:
        """Renew all of it; while it trains, at most ten times a second."""
        now = time.monotonic()
        if state == "running" and now < self._due:
            return
        self._due = now + _INTERVAL
        goal = max(epochs, snapshot.epochs) if snapshot is not None else epochs
        wider = len(str(goal)) != len(str(self._epochs))
        self._epochs = goal
        self._epoch = snapshot.epoch if snapshot is not None else 0
        self._share = share(snapshot, goal)
        self._right = words(snapshot, goal, state)
        text = f"epoch {self._epoch:,} of {self._epochs:,}, {self._right}"
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
            if state != "running":  # a screen reader must not be talked over ten times a second
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        if wider:
            self.updateGeometry()
        self.update()

    def text(self) -> str:
        """What it says now."""
        return self.accessibleDescription()

    def sizeHint(self) -> QSize:
        right = 0 if self._short else self.fontMetrics().horizontalAdvance("59 s left · 88,888 steps/s") + _GAP
        return QSize(self._left_width() + _GAP + _BAR + right, 32)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _left_width(self) -> int:
        number = f"{self._epochs:,}".replace(",", "8")
        words_width = self.fontMetrics().horizontalAdvance(f"epoch  of {self._epochs:,}")
        return words_width + QFontMetrics(self._bold()).horizontalAdvance(number) + 4

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        place = QRectF(self.rect())
        normal, bold = QFont(self.font()), self._bold()
        for text, font in (("epoch ", normal), (f"{self._epoch:,}", bold), (f" of {self._epochs:,}", normal)):
            painter.setFont(font)
            painter.setPen(shown.color("text"))
            painter.drawText(place, line, text)
            place.adjust(painter.fontMetrics().horizontalAdvance(text), 0, 0, 0)
        left = self._left_width() + _GAP
        bar = QRectF(left, self.height() / 2 - 3, _BAR, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.color("border"))
        painter.drawRoundedRect(bar, 3, 3)
        if self._share > 0:
            painter.setBrush(shown.color("accent"))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(6.0, _BAR * self._share), 6), 3, 3)
        if not self._short:
            painter.setFont(normal)
            painter.setPen(shown.color("muted"))
            painter.drawText(QRectF(bar.right() + _GAP, 0, self.width(), self.height()), line, self._right)


def share(snapshot: Snapshot | None, epochs: int) -> float:
    """The part of the epochs that is done, from 0 to 1."""
    if snapshot is None or epochs <= 0:
        return 0.0
    done = snapshot.epoch + snapshot.batch / max(snapshot.batches, 1)
    return max(0.0, min(1.0, done / epochs))


def words(snapshot: Snapshot | None, epochs: int, state: str) -> str:
    """Time left and speed while it trains; otherwise how it stands."""
    if snapshot is None or snapshot.step == 0:
        return "starting…" if state == "running" else "not trained yet"
    if state in ("running", "pausing"):
        left = (epochs - snapshot.epoch) * snapshot.batches - snapshot.batch
        speed = snapshot.steps_per_second
        if speed <= 0:
            return "starting…"
        rate = f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"
        return f"{duration(max(0.0, left / speed))} left · {rate} steps/s"
    spent = duration(snapshot.seconds)
    return f"paused after {spent}" if state == "paused" else f"trained for {spent}"


def duration(seconds: float) -> str:
    """A time as people say it: "0.4 s", "8 s", "12 min", "3 h 20 min"."""
    if 0 < seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{minutes // 1440} days"
