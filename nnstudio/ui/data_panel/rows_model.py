"""RowsModel: the rows of a dataset for a table view, written out cell by cell as they come into sight."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from nnstudio.engine.data import Prepared

Index = QModelIndex | QPersistentModelIndex
MOST_COLUMNS = 256


class RowsModel(QAbstractTableModel):
    """What is predicted first, then whether the row is for training or testing, then the features."""

    def __init__(self) -> None:
        super().__init__()
        self._prepared: Prepared | None = None
        self._inputs = np.zeros((0, 0))
        self._test = np.zeros(0, bool)
        self._names: list[str] = []

    def renew(self, prepared: Prepared) -> None:
        """Show these rows."""
        self.beginResetModel()
        data = prepared.data
        self._prepared = prepared
        self._inputs = data.inputs.reshape(len(data.inputs), -1)
        self._test = np.zeros(data.rows, bool)
        self._test[prepared.test_rows] = True
        count = min(self._inputs.shape[1], MOST_COLUMNS)
        names = list(data.feature_names[:count]) or [f"x{i + 1}" for i in range(count)]
        self._names = [data.target_name, "part", *names]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._inputs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._names)

    def text(self, row: int, column: int) -> str:
        """One cell as a person reads it."""
        assert self._prepared is not None
        data = self._prepared.data
        if column == 0:
            if data.classes:
                return str(data.class_names[int(data.targets[row])])
            return ", ".join(f"{value:.5g}" for value in data.targets[row])
        if column == 1:
            return "test" if self._test[row] else "train"
        return f"{self._inputs[row, column - 2]:.5g}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._names[section] if orientation == Qt.Orientation.Horizontal else str(section)
        return None
