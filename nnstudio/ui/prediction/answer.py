"""Answer: what the network says of one row: a bar for each class, or the number."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.engine.asking import Said
from nnstudio.ui import theme
from nnstudio.ui.panels.figures import figure

MOST_BARS = 12
_TALLEST, _LOWEST = 24.0, 12.0


class Answer(QWidget):
    """Bars in the order of the classes; of very many classes only the likeliest."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("answer")
        self.setAccessibleName("What the network says")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(110, 80)
        self._said: Said | None = None
        self._truth = ""
        self._invitation = ""

    def show_said(self, said: Said) -> None:
        self._said = said
        self.setAccessibleDescription(self.words)
        self.update()

    def show_truth(self, words: str) -> None:
        """What the row that was taken from the data is in truth; empty when it was changed since."""
        self._truth = words
        self.update()

    def invite(self, sentence: str) -> None:
        """What to do first; shown while nothing was asked."""
        self._invitation = sentence
        self.update()

    @property
    def words(self) -> str:
        """The answer in words."""
        said = self._said
        if said is None:
            return ""
        if said.problem:
            return said.problem
        data = said.prepared.data
        if said.values is not None:
            return f"{data.target_name}: {', '.join(figure(float(value)) for value in said.values[:8])}"
        if said.shares is None:
            return ""
        likeliest = np.argsort(-said.shares, kind="stable")[:3]
        parts = [f"{data.class_names[k]} {figure(float(said.shares[k]), percent=said.likely)}" for k in likeliest]
        return ", ".join(parts)

    def sizeHint(self) -> QSize:
        return QSize(180, 180)

    # -- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        said = self._said
        if said is None or (said.shares is None and said.values is None):
            painter.setPen(theme.current().color("muted"))
            words = said.problem if said is not None and said.problem else self._invitation
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, words)
        elif said.shares is not None:
            self._paint_bars(painter, said, said.shares)
        else:
            self._paint_values(painter, said)
        painter.end()

    def _paint_bars(self, painter: QPainter, said: Said, shares: np.ndarray) -> None:
        shown, names = theme.current(), said.prepared.data.class_names
        order = np.arange(len(shares))
        if len(order) > MOST_BARS:
            order = np.argsort(-shares, kind="stable")[:MOST_BARS]
        foot = 34.0 if self._truth else 0.0
        height = min(max((self.height() - foot) / len(order), _LOWEST), _TALLEST)
        font = self.font()
        font.setPixelSize(int(min(13, max(10, height - 6))))
        bold = self.font()
        bold.setPixelSize(font.pixelSize())
        bold.setBold(True)
        metrics = QFontMetricsF(bold)
        figures = [figure(float(shares[k]), percent=said.likely) for k in order]
        widest = max(metrics.horizontalAdvance(words) for words in figures) + 8
        room = min(max(metrics.horizontalAdvance(names[k]) for k in order) + 8, 0.4 * self.width())
        reach = 1.0 if said.likely else float(np.abs(shares).max()) or 1.0
        left, long = room, max(self.width() - room - widest, 10.0)
        for place, k in enumerate(order):
            top = place * height
            first = k == said.predicted
            painter.setFont(bold if first else font)
            painter.setPen(shown.color("text" if first else "muted"))
            name = painter.fontMetrics().elidedText(names[k], Qt.TextElideMode.ElideRight, int(room - 8))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, room - 6, height), middle | Qt.AlignmentFlag.AlignRight, name)
            area = QRectF(left, top + 0.2 * height, long, 0.6 * height)
            painter.fillRect(area, shown.color("raised"))
            area.setWidth(long * float(np.clip(shares[k] / reach, 0, 1)))
            painter.fillRect(area, shown.color("accent" if first else "wire"))
            right = QRectF(self.width() - widest, top, widest - 2, height)
            painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, figures[place])
        if self._truth:
            painter.setFont(font)
            painter.setPen(shown.color("text"))
            below = QRectF(4, len(order) * height + 2, self.width() - 8, foot)
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, self._truth)

    def _paint_values(self, painter: QPainter, said: Said) -> None:
        assert said.values is not None
        shown = theme.current()
        data = said.prepared.data
        large = self.font()
        large.setPixelSize(22 if len(said.values) == 1 else 15)
        large.setBold(True)
        top = 8.0
        painter.setPen(shown.color("muted"))
        painter.drawText(QRectF(8, top, self.width() - 16, 18), Qt.AlignmentFlag.AlignLeft, data.target_name)
        top += 22
        painter.setFont(large)
        painter.setPen(shown.color("text"))
        step = painter.fontMetrics().height() + 2.0
        for value in said.values[: max(1, int((self.height() - top) / step))]:
            painter.drawText(QRectF(8, top, self.width() - 8, step), Qt.AlignmentFlag.AlignLeft, figure(float(value)))
            top += step
        painter.setFont(self.font())
        painter.setPen(shown.color("muted"))
        if self._truth:
            below = QRectF(8, top + 4, self.width() - 16, 40)
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, self._truth)
