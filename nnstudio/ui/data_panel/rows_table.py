"""RowsTable: all rows, of which only what is seen is ever written out."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableView, QVBoxLayout, QWidget

from nnstudio.engine.data import Prepared
from nnstudio.ui.data_panel.rows_model import RowsModel
from nnstudio.ui.data_panel.segments import Segments

_ROW = 24


class RowsTable(QTableView):
    """The table itself."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rows_table")
        self.setAccessibleName("Table of the rows")
        self.rows = RowsModel()
        self.setModel(self.rows)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerItem)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.verticalHeader().setMinimumSectionSize(_ROW)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def renew(self, prepared: Prepared) -> None:
        """Show these rows."""
        model = self.rows
        model.renew(prepared)
        metrics = self.fontMetrics()
        for section in range(min(model.columnCount(), 64)):
            words = metrics.horizontalAdvance(str(model.headerData(section, Qt.Orientation.Horizontal)))
            cells = [metrics.horizontalAdvance(model.text(row, section)) for row in range(min(model.rowCount(), 20))]
            self.setColumnWidth(section, min(max([words, *cells]) + 24, 180))


class RowsPage(QWidget):
    """The table under a switch between the numbers of the data and those that the network sees."""

    def __init__(self, table: RowsTable) -> None:
        super().__init__()
        self.table = table
        self.switch = Segments("Which numbers", (("original", "Original"), ("scaled", "As scaled")))
        self.switch.button("scaled").setToolTip("The numbers that the network sees: filled in and standardised.")
        self.switch.chosen.connect(lambda key: table.rows.show_scaled(key == "scaled"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(table, 1)

    def renew(self, prepared: Prepared) -> None:
        """Show these rows."""
        self.table.renew(prepared)
