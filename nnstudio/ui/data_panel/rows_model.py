"""RowsModel: the rows of a dataset for a table view, written out cell by cell as they come into sight."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from nnstudio.core.data import Data
from nnstudio.engine.data import Prepared

Index = QModelIndex | QPersistentModelIndex
MOST_COLUMNS = 256
MOST_ROWS = 20_000_000  # a view cannot be higher, in pixels
_PARTS = ("train", "validation", "test")


class RowsModel(QAbstractTableModel):
    """What is predicted first, then which part the row belongs to, then the features: as they are, or as scaled."""

    def __init__(self) -> None:
        super().__init__()
        self._prepared: Prepared | None = None
        self._part = np.zeros(0, np.int8)
        self._names: list[str] = []
        self._seen: tuple[int, np.ndarray] = (-1, np.zeros(0))
        self.scaled = False

    def renew(self, prepared: Prepared) -> None:
        """Show these rows."""
        self.beginResetModel()
        data = prepared.data
        self._prepared = prepared
        self._seen = (-1, np.zeros(0))
        self._part = np.zeros(data.rows, np.int8)
        self._part[prepared.validation_rows], self._part[prepared.test_rows] = 1, 2
        count = min(data.input_type.size, MOST_COLUMNS)
        names = list(data.feature_names[:count]) or [f"x{i + 1}" for i in range(count)]
        self._names = [data.target_name, "part", *names]
        self.endResetModel()

    def show_scaled(self, scaled: bool) -> None:
        """Show what the network takes, or what is in the data."""
        if scaled != self.scaled:
            self.scaled = scaled
            self._seen = (-1, np.zeros(0))
            if self.rowCount() and self.columnCount() > 2:
                last = self.index(self.rowCount() - 1, self.columnCount() - 1)
                self.dataChanged.emit(self.index(0, 2), last, [Qt.ItemDataRole.DisplayRole])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else min(len(self._part), MOST_ROWS)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._names)

    def text(self, row: int, column: int) -> str:
        """One cell as a person reads it."""
        assert self._prepared is not None
        data = self._prepared.data
        if column == 0:
            return target_text(data, row)
        if column == 1:
            return _PARTS[self._part[row]]
        value = self._numbers(row)[column - 2]
        if np.issubdtype(value.dtype, np.floating):
            return "missing" if np.isnan(value) else f"{value:.5g}"
        return str(value)

    def _numbers(self, row: int) -> np.ndarray:
        """The numbers of a row; those of the row before last asked for are kept, since cells come row by row."""
        if self._seen[0] != row:
            assert self._prepared is not None
            inputs = self._prepared.data.inputs[row : row + 1]
            self._seen = (row, (self._prepared.scaled(inputs) if self.scaled else np.asarray(inputs)).reshape(-1))
        return self._seen[1]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole or (
            role == Qt.ItemDataRole.ToolTipRole and orientation == Qt.Orientation.Horizontal
        ):
            return self._names[section] if orientation == Qt.Orientation.Horizontal else str(section)
        return None


def target_text(data: Data, row: int) -> str:
    """What is to be predicted for a row, in few words."""
    target = np.asarray(data.targets[row])
    if not data.classes:
        values = [f"{value:.5g}" for value in target.ravel()[:4].tolist()]
        return ", ".join(values) + (" …" if target.size > 4 else "")
    names = [data.class_names[int(number)] for number in target.ravel()[:4].tolist()]
    return ", ".join(names) + (" …" if target.size > 4 else "")
