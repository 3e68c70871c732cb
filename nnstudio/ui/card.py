"""Card: a project in the gallery, with its picture, its name and a sentence; and the grid that cards lie in."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFont,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QWidget

from nnstudio.ui import theme

_GAP = 16
_NARROWEST = 208
_TEXT_HEIGHT = 96

Draw = Callable[[QPainter, QRectF], None]


class Card(QAbstractButton):
    """One card. Without a picture, `draw` paints in its place."""

    # a Qt.Key: the person wants the neighbour in this direction
    moved = Signal(int)

    def __init__(self, name: str, sentence: str, picture: QPixmap | None = None, draw: Draw | None = None) -> None:
        super().__init__()
        self.setText(name)
        self.sentence = sentence
        self.setAccessibleName(name)
        self.setAccessibleDescription(sentence)
        self.setToolTip(sentence)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._picture = picture
        self._scaled: tuple[QSize, QPixmap] | None = None
        self._draw = draw

    def set_picture(self, picture: QPixmap | None) -> None:
        self._picture, self._scaled = picture, None
        self.update()

    def answers(self, typed: str) -> bool:
        """Whether every word that was typed is in the name or the sentence."""
        text = f"{self.text()} {self.sentence}".lower()
        return all(word in text for word in typed.lower().split())

    def sizeHint(self) -> QSize:
        return QSize(_NARROWEST, _NARROWEST * 9 // 16 + _TEXT_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(event.key())
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = theme.current()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        outline = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        shape = QPainterPath()
        shape.addRoundedRect(outline, 10, 10)
        painter.fillPath(shape, shown.color("surface"))
        painter.save()
        painter.setClipPath(shape)
        top = QRectF(outline.left(), outline.top(), outline.width(), outline.height() - _TEXT_HEIGHT)
        painter.setClipRect(top, Qt.ClipOperation.IntersectClip)
        self._paint_picture(painter, top)
        painter.setPen(shown.color("border"))
        painter.drawLine(top.bottomLeft(), top.bottomRight())
        painter.restore()
        active = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(shown.color("accent" if active else "border"), 2.0 if self.hasFocus() else 1.0))
        painter.drawPath(shape)
        self._paint_text(
            painter, QRectF(outline.left() + 12, top.bottom() + 10, outline.width() - 24, _TEXT_HEIGHT - 16)
        )

    def _paint_picture(self, painter: QPainter, place: QRectF) -> None:
        if self._picture is not None and not self._picture.isNull():
            picture = self._fitted(place)
            size = picture.deviceIndependentSize()
            painter.drawPixmap(place.center() - QPointF(size.width() / 2, size.height() / 2), picture)
        elif self._draw is not None:
            self._draw(painter, place)
        else:
            painter.fillRect(place, theme.current().color("canvas"))

    def _fitted(self, place: QRectF) -> QPixmap:
        """The picture so large that it covers the place; scaled once and well, for it is much larger as a rule."""
        scale = self.devicePixelRatio()
        wanted = (place.size() * scale).toSize()
        if self._scaled is None or self._scaled[0] != wanted:
            assert self._picture is not None
            cover, smooth = Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
            scaled = self._picture.scaled(wanted, cover, smooth)
            scaled.setDevicePixelRatio(scale)
            self._scaled = (wanted, scaled)
        return self._scaled[1]

    def _paint_text(self, painter: QPainter, place: QRectF) -> None:
        shown = theme.current()
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(shown.color("text"))
        line = painter.fontMetrics().height()
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, Qt.TextFlag.TextSingleLine, name)
        font.setWeight(QFont.Weight.Normal)
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(shown.color("muted"))
        for row, text in enumerate(wrapped(painter, self.sentence, place.width(), 3)):
            below = QRectF(place.left(), place.top() + line + 3 + row * 17, place.width(), 17)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)


def wrapped(painter: QPainter, text: str, width: float, lines: int) -> list[str]:
    """The text broken into at most so many lines; what does not fit ends in an ellipsis."""
    metrics = painter.fontMetrics()
    words = text.split()
    rows: list[str] = []
    while words and len(rows) < lines:
        row = words.pop(0)
        while words and metrics.horizontalAdvance(f"{row} {words[0]}") <= width:
            row += f" {words.pop(0)}"
        rows.append(row)
    if rows:
        rows[-1] = " ".join([rows[-1], *words])
    return [metrics.elidedText(row, Qt.TextElideMode.ElideRight, math.ceil(width) + 1) for row in rows]


class Grid(QWidget):
    """Cards of equal size in as many columns as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[Card] = []

    def set_cards(self, cards: list[Card]) -> None:
        for card in self.cards:
            card.setParent(None)
            card.deleteLater()
        self.cards = cards
        for card in cards:
            card.setParent(self)
            card.show()
        self.place()

    def show_only(self, wanted: Callable[[Card], bool]) -> None:
        for card in self.cards:
            card.setVisible(wanted(card))
        self.place()

    def shown(self) -> list[Card]:
        return [card for card in self.cards if not card.isHidden()]

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.place()
        super().resizeEvent(event)

    def place(self) -> None:
        """Put the cards where they belong, and be as high as they need."""
        columns = max(1, (self.width() + _GAP) // (_NARROWEST + _GAP))
        columns = min(columns, 6)
        width = (self.width() - _GAP * (columns - 1)) // columns
        height = width * 9 // 16 + _TEXT_HEIGHT
        shown = self.shown()
        for number, card in enumerate(shown):
            row, column = divmod(number, columns)
            card.setGeometry(column * (width + _GAP), row * (height + _GAP), width, height)
        rows = -(-len(shown) // columns)
        self.setFixedHeight(max(0, rows * (height + _GAP) - _GAP))
