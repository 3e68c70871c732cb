"""Tiles: many equal pictures under each other, of which only those in sight are painted."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame

from nnstudio.ui import theme


class Tiles(QAbstractScrollArea):
    """The base of grids. A subclass says how many tiles there are and paints one."""

    def __init__(self, name: str, *, least_width: int, height: int, gap: int, square: bool = False) -> None:
        """Tiles are at least so wide and share the width; square ones are as high as wide, plus `height`."""
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        self._least, self._height, self._gap, self._square = least_width, height, gap, square
        self.painted: list[int] = []  # the tiles that were in sight when it was painted last

    def count(self) -> int:
        """How many tiles there are."""
        raise NotImplementedError

    def paint_tile(self, painter: QPainter, number: int, place: QRectF) -> None:
        """Paint one of them into this place."""
        raise NotImplementedError

    def tip(self, number: int) -> str:
        """What is said of a tile under the pointer."""
        return ""

    def renew_tiles(self) -> None:
        """There are others, or more, or fewer."""
        self._renew_range()
        self.verticalScrollBar().setValue(0)
        self.viewport().update()

    # -- places ----------------------------------------------------------------------------------------------------

    @property
    def across(self) -> int:
        """How many tiles there are beside each other."""
        return max(1, (self.viewport().width() + self._gap) // (self._least + self._gap))

    def tile_width(self) -> float:
        width = (self.viewport().width() + self._gap) / self.across - self._gap
        return min(width, 1.6 * self._least) if self._square else width

    def tile_height(self) -> float:
        return self.tile_width() + self._height if self._square else self._height

    def place_of(self, number: int) -> QRectF:
        """Where a tile is in the viewport."""
        row, column = divmod(number, self.across)
        top = row * (self.tile_height() + self._gap) - self.verticalScrollBar().value()
        return QRectF(column * (self.tile_width() + self._gap), top, self.tile_width(), self.tile_height())

    def tile_at(self, place: QPointF) -> int | None:
        """The tile at a place of the viewport."""
        row = int((place.y() + self.verticalScrollBar().value()) // (self.tile_height() + self._gap))
        column = int(place.x() // (self.tile_width() + self._gap))
        number = row * self.across + column
        found = 0 <= column < self.across and 0 <= number < self.count() and self.place_of(number).contains(place)
        return number if found else None

    def whole_height(self) -> int:
        """How high all tiles together are."""
        rows = -(-self.count() // self.across)
        return max(0, round(rows * (self.tile_height() + self._gap) - self._gap))

    def _renew_range(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.whole_height() - height))
        bar.setPageStep(max(1, height))
        bar.setSingleStep(max(1, round(self.tile_height() / 3)))

    # -- events ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._renew_range()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        pitch = self.tile_height() + self._gap
        first = int(self.verticalScrollBar().value() // pitch) * self.across
        last = int((self.verticalScrollBar().value() + self.viewport().height()) // pitch + 1) * self.across
        self.painted = list(range(max(first, 0), min(last, self.count())))
        try:
            for number in self.painted:
                self.paint_tile(painter, number, self.place_of(number))
        finally:  # a painter that is left open takes the program down with it
            painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        jumps = {
            Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_Up: -bar.singleStep(),
            Qt.Key.Key_PageDown: bar.pageStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(),
            Qt.Key.Key_End: bar.maximum(),
            Qt.Key.Key_Home: -bar.maximum(),
        }
        jump = jumps.get(Qt.Key(event.key()))
        if jump is None:
            event.ignore()
        else:
            bar.setValue(bar.value() + jump)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The tooltip is that of the tile under the mouse."""
        super().mouseMoveEvent(event)
        number = self.tile_at(event.position())
        self.viewport().setToolTip(self.tip(number) if number is not None else "")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()

    def write(self, painter: QPainter, place: QRectF, words: str, color: str, side: Qt.AlignmentFlag) -> None:
        """One line of small text, shortened to its place."""
        painter.setPen(theme.current().color(color))
        text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
