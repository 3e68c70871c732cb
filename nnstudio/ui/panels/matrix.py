"""Matrix: a square of counts with a name for each row and column, of which one cell can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QWidget

from nnstudio.ui import theme
from nnstudio.ui.contrast import contrast
from nnstudio.ui.panels.figures import figure

_LARGEST_CELL, _SMALLEST_WITH_NUMBER = 72, 18
_LONGEST_NAME = 92


class Matrix(QWidget):
    """Rows are what is true, columns what was predicted; the more of a row is in a cell, the stronger its colour."""

    # true class, predicted class: a cell was chosen; (-1, -1): none is any more
    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Confusion matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 100)
        self.counts = np.zeros((0, 0), np.int64)
        self.shares = np.zeros((0, 0))
        self.names: tuple[str, ...] = ()
        self.cell: tuple[int, int] | None = None  # the chosen one
        self.fill_menu: Callable[[QMenu], None] | None = None
        self._under: tuple[int, int] | None = None
        self._at = (0, 0)  # of the keyboard

    def show_counts(self, counts: np.ndarray, shares: np.ndarray, names: Sequence[str]) -> None:
        """Show these; a cell that was chosen stays chosen while the classes are the same."""
        if tuple(names) != self.names:
            self.cell, self._at, self._under = None, (0, 0), None
        self.counts, self.shares, self.names = counts, shares, tuple(names)
        right = int(np.trace(counts))
        self.setAccessibleDescription(
            f"{right:,} of {int(counts.sum()):,} are right. Arrow keys move from cell to cell, Space shows its rows."
        )
        self.update()

    def sentence(self, cell: tuple[int, int]) -> str:
        """A cell in words."""
        true, predicted = cell
        count, share = int(self.counts[true, predicted]), float(self.shares[true, predicted])
        what = "taken for" if true != predicted else "recognised as"
        of = f" ({figure(share, percent=True)} of it)" if np.isfinite(share) else ""
        return f"{self.names[true]} {what} {self.names[predicted]}: {count:,}{of}"

    def choose(self, cell: tuple[int, int] | None) -> None:
        """Choose a cell, or the same one again to choose none."""
        self.cell = None if cell == self.cell else cell
        self.update()
        self.chosen.emit(*(self.cell or (-1, -1)))

    def area_of(self, cell: tuple[int, int]) -> QRectF:
        """Where a cell is."""
        left, top, side = self._frame()
        return QRectF(left + cell[1] * side, top + cell[0] * side, side, side)

    # -- geometry --------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(280, 220)

    def _frame(self) -> tuple[float, float, float]:
        """(left, top, side of a cell)."""
        count = max(len(self.names), 1)
        metrics = self.fontMetrics()
        line = metrics.height()
        names = min(max((metrics.horizontalAdvance(name) for name in self.names), default=0), _LONGEST_NAME) + 8
        left = line + names
        top = 2.0 * line + 2
        side = min((self.width() - left - 8) / count, (self.height() - top - line - 6) / count, _LARGEST_CELL)
        return left, top, max(side, 1.0)

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        left, top, side = self._frame()
        row, column = int((place.y() - top) // side), int((place.x() - left) // side)
        inside = 0 <= row < len(self.names) and 0 <= column < len(self.names)
        return (row, column) if inside else None

    # -- events ----------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._at = cell
            self.choose(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        if event.key() in steps and self.names:
            step = steps[Qt.Key(event.key())]
            last = len(self.names) - 1
            self._at = (min(max(self._at[0] + step[0], 0), last), min(max(self._at[1] + step[1], 0), last))
            self._point_at(self._at)
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return) and self.names:
            self.choose(self._at)
        elif event.key() == Qt.Key.Key_Escape and self.cell is not None:
            self.choose(self.cell)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.fill_menu is not None:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.fill_menu(menu)
            menu.popup(event.globalPos())

    def _point_at(self, cell: tuple[int, int] | None) -> None:
        if cell != self._under:
            self._under = cell
            self.update()

    # -- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.names:
            return
        painter = QPainter(self)
        font = self.font()
        font.setPixelSize(11)
        shown = theme.current()
        left, top, side = self._frame()
        self._paint_cells(painter, side)
        painter.setFont(font)
        painter.setPen(shown.color("muted"))
        line = self.fontMetrics().height()
        count = len(self.names)
        metrics = painter.fontMetrics()
        painter.drawText(QRectF(left, 0, side * count, line), Qt.AlignmentFlag.AlignCenter, "predicted")
        painter.save()
        painter.translate(line / 2, top + side * count / 2)
        painter.rotate(-90)
        painter.drawText(QRectF(-100, -line / 2, 200, line), Qt.AlignmentFlag.AlignCenter, "true")
        painter.restore()
        every = max(1, int(np.ceil(metrics.height() / side)))
        for number in range(0, count, every):
            name = metrics.elidedText(self.names[number], Qt.TextElideMode.ElideRight, int(left - line - 6))
            row = QRectF(line, top + number * side, left - line - 5, side)
            painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        widest = max(metrics.horizontalAdvance(name) for name in self.names)
        every = max(1, int(np.ceil(min(widest, 24) / max(side - 4, 1))))
        for number in range(0, count, every):
            name = metrics.elidedText(self.names[number], Qt.TextElideMode.ElideRight, int(side * every - 2))
            column = QRectF(left + number * side - side * (every - 1) / 2, line, side * every, line)
            painter.drawText(column, Qt.AlignmentFlag.AlignCenter, name)
        cell = self._under or self.cell or (self._at if self.hasFocus() else None)
        if cell is not None:
            words = metrics.elidedText(self.sentence(cell), Qt.TextElideMode.ElideRight, self.width() - 8)
            painter.setPen(shown.color("text"))
            foot = QRectF(4, top + side * count + 2, self.width() - 8, line)
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()

    def _paint_cells(self, painter: QPainter, side: float) -> None:
        shown = theme.current()
        font = self.font()
        font.setPixelSize(int(min(max(side * 0.32, 9), 13)))
        painter.setFont(font)
        gap = 1.0 if side >= 6 else 0.0
        for row in range(len(self.names)):
            for column in range(len(self.names)):
                share = float(np.nan_to_num(self.shares[row, column]))
                area = self.area_of((row, column)).adjusted(0, 0, -gap, -gap)
                color = _mixed(shown.color("raised"), shown.color("accent"), share**0.7)
                painter.fillRect(area, color)
                count = int(self.counts[row, column])
                words = f"{count:,}"
                if count and side >= _SMALLEST_WITH_NUMBER:
                    if painter.fontMetrics().horizontalAdvance(words) > side - 2:
                        continue
                    dark, light = shown.color("text"), shown.color("window")
                    painter.setPen(dark if contrast(dark, color) >= contrast(light, color) else light)
                    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell, name, width in (
            (self.cell, "text", 2.0),
            (self._under, "muted", 1.0),
            (self._at if self.hasFocus() else None, "accent", 2.0),
        ):
            if cell is not None and max(cell) < len(self.names):
                painter.setPen(QPen(shown.color(name), width))
                painter.drawRect(self.area_of(cell).adjusted(0.5, 0.5, -1.5, -1.5))


def _mixed(first: QColor, second: QColor, share: float) -> QColor:
    ends = (
        (first.red(), second.red()),
        (first.green(), second.green()),
        (first.blue(), second.blue()),
    )
    return QColor(*(round(low + (high - low) * share) for low, high in ends))
