"""Board: a picture is drawn on it with the mouse, or with the arrow keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.ui import theme
from nnstudio.ui.prediction import ink
from nnstudio.ui.prediction.ink import Paper

_FINE = 280  # pixels of the longer side, in which strokes are kept


class Board(QWidget):
    """White ink on black, as in most sets of digits, whatever the data has: the data's own values are made of it.

    Attributes:
        brush: the width of the stroke, in pixels of the network's picture.
        centring: whether the drawing is centred and scaled as MNIST's are.
    """

    drawn = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("board")
        self.setAccessibleName("Drawing board")
        self.setAccessibleDescription(
            "Draw with the mouse. With the keyboard: arrow keys move, Space sets a dot, Shift with arrow keys draws a "
            "line, Delete clears."
        )
        self.setToolTip("Draw here. Keys: arrows move, Space sets a dot, Shift+arrows draw, Delete clears.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(90, 90)
        self.brush = 2.0
        self.centring = False
        self.paper = Paper(28, 28, 0.0, 1.0)
        self._fine = QImage()
        self._at = QPointF()  # of the keyboard, in pixels of the network's picture
        self._from: QPointF | None = None
        self.set_paper(self.paper)

    def set_paper(self, paper: Paper) -> None:
        """Begin anew on paper of this size."""
        self.paper = paper
        self._at = QPointF(paper.width / 2, paper.height / 2)
        self.brush = max(1.0, round(min(paper.width, paper.height) / 14, 1))
        self.clear()

    @property
    def scale(self) -> int:
        """Fine pixels in one of the network's."""
        return max(1, _FINE // max(self.paper.width, self.paper.height))

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self.fine().any()

    def clear(self) -> None:
        self._fine = QImage(
            self.paper.width * self.scale, self.paper.height * self.scale, QImage.Format.Format_Grayscale8
        )
        self._fine.fill(0)
        self._changed()

    def fine(self) -> np.ndarray:
        """The ink as it was drawn, float64 from 0 to 1."""
        width, height = self._fine.width(), self._fine.height()
        bits = np.frombuffer(self._fine.constBits(), np.uint8).reshape(height, self._fine.bytesPerLine())
        return bits[:, :width].astype(np.float64) / 255

    def seen(self) -> np.ndarray:
        """The ink as the network sees it, float64 [height, width] from 0 to 1."""
        fine = self.fine()
        return ink.reduced(ink.centred(fine) if self.centring else fine, self.paper.height, self.paper.width)

    def show_ink(self, drawn: np.ndarray) -> None:
        """Put a picture [height, width] on the paper, to be drawn further."""
        levels = np.ascontiguousarray(np.kron(drawn, np.ones((self.scale, self.scale))) * 255, np.uint8)
        height, width = levels.shape
        self._fine = QImage(levels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
        self._changed()

    def set_centring(self, on: bool) -> None:
        self.centring = on
        self._changed()

    def stroke(self, start: QPointF, end: QPointF) -> None:
        """Draw a line between two places, in pixels of the network's picture."""
        painter = QPainter(self._fine)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.brush * self.scale
        painter.setPen(
            QPen(Qt.GlobalColor.white, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        first, last = start * self.scale, end * self.scale
        if start == end:
            painter.drawPoint(first)
        else:
            painter.drawLine(first, last)
        painter.end()
        self._changed()

    def _changed(self) -> None:
        self.update()
        self.drawn.emit()

    # -- events ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._from = self._place(event.position())
            self.stroke(self._from, self._from)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            here = self._place(event.position())
            start, self._from = self._from, here
            self.stroke(start, here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._from = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        if event.key() in steps:
            before = QPointF(self._at)
            right, down = steps[Qt.Key(event.key())]
            x = min(max(self._at.x() + right, 0.5), self.paper.width - 0.5)
            y = min(max(self._at.y() + down, 0.5), self.paper.height - 0.5)
            self._at = QPointF(x, y)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.stroke(before, self._at)
            self.update()
        elif event.key() == Qt.Key.Key_Space:
            self.stroke(self._at, self._at)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # -- painting --------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(200, 200)

    def area(self) -> QRectF:
        """Where the paper is."""
        side = min(self.width() / self.paper.width, self.height() / self.paper.height)
        width, height = self.paper.width * side, self.paper.height * side
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height).adjusted(1, 1, -1, -1)

    def _place(self, position: QPointF) -> QPointF:
        area = self.area()
        x = (position.x() - area.left()) / area.width() * self.paper.width
        y = (position.y() - area.top()) / area.height() * self.paper.height
        return QPointF(x, y)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shown = theme.current()
        area = self.area()
        painter.drawImage(area, self._fine)
        painter.setPen(QPen(shown.color("accent" if self.hasFocus() else "border"), 2 if self.hasFocus() else 1))
        painter.drawRect(area)
        if self.hasFocus() and self._from is None:
            side = area.width() / self.paper.width
            middle = area.topLeft() + self._at * side
            painter.setPen(QPen(shown.color("accent"), 1))
            painter.drawLine(middle - QPointF(6, 0), middle + QPointF(6, 0))
            painter.drawLine(middle - QPointF(0, 6), middle + QPointF(0, 6))
        painter.end()


class Seen(QWidget):
    """The picture as the network sees it, each of its pixels a square."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What the network sees")
        self.setFixedSize(72, 72)
        self._image = QImage()

    def show_ink(self, drawn: np.ndarray) -> None:
        levels = np.ascontiguousarray(np.clip(drawn, 0, 1) * 255, np.uint8)
        height, width = levels.shape
        self._image = QImage(levels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
        self.setToolTip(f"What the network sees: {width} by {height} pixels.")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        side = min(self.width() / self._image.width(), self.height() / self._image.height())
        area = QRectF(0, 0, self._image.width() * side, self._image.height() * side).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawImage(area, self._image)
        painter.setPen(theme.current().color("border"))
        painter.drawRect(area)
        painter.end()
