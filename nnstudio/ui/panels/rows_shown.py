"""RowsShown: some rows of the data with a few words on each: pictures as thumbnails, others as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from nnstudio.core.data import Data
from nnstudio.ui.data_panel.image_grid import picture_size, pictures, to_image

MOST_ROWS, MOST_COLUMNS = 100, 40
_THUMBNAIL = 56


class RowsShown(QWidget):
    """Up to a hundred rows."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.images = QListWidget()
        self.images.setAccessibleName(name)
        self.images.setViewMode(QListView.ViewMode.IconMode)
        self.images.setResizeMode(QListView.ResizeMode.Adjust)
        self.images.setMovement(QListView.Movement.Static)
        self.images.setIconSize(QSize(_THUMBNAIL, _THUMBNAIL))
        self.images.setSpacing(4)
        self.images.setUniformItemSizes(True)
        self.images.setWordWrap(True)
        self.images.setStyleSheet("font-size: 11px;")
        self.table = QTableWidget()
        self.table.setAccessibleName(name)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.verticalHeader().hide()
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.images)
        self._stack.addWidget(self.table)
        self.rows: list[int] = []

    def show_rows(self, data: Data, rows: np.ndarray, titles: Sequence[str], facts: Sequence[Sequence[str]]) -> None:
        """Show these rows; `facts` has for each row a word for each title."""
        rows, facts = rows[:MOST_ROWS], facts[:MOST_ROWS]
        self.rows = [int(row) for row in rows]
        if self.shows_images(data):
            self._show_images(data, titles, facts)
        else:
            self._show_table(data, titles, facts)

    @staticmethod
    def shows_images(data: Data) -> bool:
        """Whether rows of such data are pictures."""
        return picture_size(data) is not None

    def _show_images(self, data: Data, titles: Sequence[str], facts: Sequence[Sequence[str]]) -> None:
        self._stack.setCurrentWidget(self.images)
        self.images.clear()
        chosen = pictures(data, np.array(self.rows, np.int64))
        low, high = (float(chosen.min()), float(chosen.max())) if chosen.size else (0.0, 1.0)
        widest = 0
        for row, levels, own in zip(self.rows, chosen, facts, strict=True):
            words = "\n".join(own)
            item = QListWidgetItem(QIcon(pixmap(levels, low, high)), words)
            name = data.names[row] if row < len(data.names) else f"Row {row:,}"
            facts_in_words = ", ".join(f"{title} {fact}" for title, fact in zip(titles, own, strict=True))
            item.setToolTip(f"{name}: {facts_in_words}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name}: {facts_in_words}")
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            widest = max(widest, *(self.images.fontMetrics().horizontalAdvance(fact) for fact in own))
            self.images.addItem(item)
        lines = len(titles) * (self.images.fontMetrics().height() + 1)
        self.images.setGridSize(QSize(min(max(widest + 16, _THUMBNAIL + 12), 140), _THUMBNAIL + lines + 12))

    def _show_table(self, data: Data, titles: Sequence[str], facts: Sequence[Sequence[str]]) -> None:
        self._stack.setCurrentWidget(self.table)
        inputs = data.inputs[self.rows].reshape(len(self.rows), -1)[:, :MOST_COLUMNS]
        names = list(data.feature_names[: inputs.shape[1]]) or [f"x{place + 1}" for place in range(inputs.shape[1])]
        self.table.clear()
        self.table.setRowCount(len(self.rows))
        self.table.setColumnCount(1 + len(titles) + len(names))
        self.table.setHorizontalHeaderLabels(["row", *titles, *names])
        for place, (row, own) in enumerate(zip(self.rows, facts, strict=True)):
            called = data.names[row] if row < len(data.names) else f"{row:,}"
            cells = [called, *own, *(_cell(data, value) for value in inputs[place].tolist())]
            for column, words in enumerate(cells):
                item = QTableWidgetItem(words)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(place, column, item)
        self.table.resizeColumnsToContents()


def pixmap(picture: np.ndarray, low: float, high: float) -> QPixmap:
    """A picture whose values run from `low` to `high`; of a small one the pixels can be seen."""
    image = to_image(picture, low, high)
    way = Qt.TransformationMode.SmoothTransformation
    if max(image.width(), image.height()) < _THUMBNAIL:
        way = Qt.TransformationMode.FastTransformation
    return QPixmap.fromImage(image.scaled(_THUMBNAIL, _THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio, way))


def _cell(data: Data, value: float | int) -> str:
    """A number of a row; a token as the text that it stands for."""
    if data.vocabulary and isinstance(value, int) and 0 <= value < len(data.vocabulary):
        return repr(data.vocabulary[value])[1:-1]
    return f"{value:.5g}"
