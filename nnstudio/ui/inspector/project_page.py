"""The page of the inspector when nothing is selected: the project as a whole."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QPlainTextEdit, QTableView, QWidget

from nnstudio.core.blocks import Block, every_node
from nnstudio.core.graph import Graph, id_order
from nnstudio.core.spec import Limits, Setting
from nnstudio.engine.compiler import NodeReport, Report
from nnstudio.engine.run import Snapshot
from nnstudio.ui.canvas.face import layer_name
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form
from nnstudio.ui.forms.fact import Facts, column, heading
from nnstudio.ui.forms.fields import text_field
from nnstudio.ui.inspector.problem_cards import ProblemCards

_TITLE = Setting("title", str, "", Limits("The name of the project, as the gallery shows it."))
ROW, MOST_ROWS = 26, 12
MOST_LINES = 10  # of the notes; more of them scroll
_NOTES_PADDING = 5  # with the border, as the style sheet has it
Index = QModelIndex | QPersistentModelIndex


class ProjectPage(QWidget):
    """Title, notes, problems, the table of layers, and where the training stands."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        rows = column(self, margins=12)
        rows.addWidget(heading("Project", "title"))
        self.form = Form()
        self.form.add(text_field(_TITLE))
        self.form.edited.connect(self._retitle)
        self.form.left.connect(document.end_merge)
        rows.addWidget(self.form)
        rows.addWidget(heading("Notes"))
        self.notes = Notes(document)
        rows.addWidget(self.notes)
        self.problems_heading = heading("Problems")
        self.problems = ProblemCards(document, located=True)
        rows.addWidget(self.problems_heading)
        rows.addWidget(self.problems)
        self.layers_heading = heading("Layers")
        rows.addWidget(self.layers_heading)
        self.model = LayerModel()
        self.table = LayerTable(self.model, document)
        rows.addWidget(self.table)
        self.total = heading("", "muted")
        rows.addWidget(self.total)
        self.training_heading = heading("Training")
        self.training = Facts()
        rows.addWidget(self.training_heading)
        rows.addWidget(self.training)
        rows.addStretch(1)
        self.clear()

    def flush(self) -> None:
        self.form.flush()

    def renew(self) -> None:
        """Show the project as the document holds it now."""
        project = self.document.project
        self.form.renew({"title": project.title})
        self.notes.renew(project.notes)

    def renew_report(self) -> None:
        """Show shapes, sizes and problems."""
        project, report = self.document.project, self.document.report
        self.problems.renew(report.problems)
        self.problems_heading.setVisible(bool(report.problems))
        errors = len(report.errors)
        serious = sum(problem.severity != "note" for problem in report.problems)
        words = "Problems" if serious else "Worth knowing"
        self.problems_heading.setText(f"{words} ({len(report.problems)})")
        self.model.renew(self.document.graph, self.document.here)
        self.table.fit()
        drawn = (node for _, node in every_node(project.graph))
        count = sum(not isinstance(node.layer, Block) and node.layer.role not in ("entry", "exit") for node in drawn)
        self.layers_heading.setVisible(bool(count))
        self.table.setVisible(bool(count))
        if not count:
            self.total.setText("Nothing is drawn yet. Drag a layer from the palette onto the canvas.")
        elif errors:
            self.total.setText("The total is shown when the errors are gone.")
        else:
            self.total.setText(f"{report.parameters:,} parameters in {count} layers.")

    def draw(self, snapshot: Snapshot) -> None:
        """Show where the training stands."""
        facts = [
            ("Epoch", f"{snapshot.epoch:,} of {snapshot.epochs:,}"),
            ("Step", f"{snapshot.step:,}"),
            ("Learning rate", f"{snapshot.lr:.4g}"),
        ]
        records = snapshot.history.epochs
        if records:
            for part in ("train", "test"):
                for key, value in records[-1][part].items():
                    facts.append((f"{part.capitalize()} {key}", figure(key, value)))
        if snapshot.steps_per_second:
            facts.append(("Speed", f"{snapshot.steps_per_second:,.0f} steps/s"))
        self.training.renew(facts)
        self.training_heading.show()

    def clear(self) -> None:
        """No training."""
        self.training.renew([])
        self.training_heading.hide()

    def _retitle(self, name: str, title: str) -> None:
        self.document.edit("Set title", replace(self.document.project, title=title), merge="project.title")


def figure(key: str, value: float | None) -> str:
    """A loss or a metric as people read it."""
    if value is None:
        return "not a number"
    return f"{value:.1%}" if key == "accuracy" else f"{value:.4g}"


class Notes(QPlainTextEdit):
    """The free text of a project."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._project_document = document
        self.setObjectName("project_notes")
        self.setAccessibleName("Notes")
        self.setPlaceholderText("What this is about, what was tried.")
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)  # undo is the document's
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.textChanged.connect(self._typed)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self._fit()

    def renew(self, text: str) -> None:
        """Show this text, unless it is shown already."""
        if text != self.toPlainText():
            self.setPlainText(text)

    def _fit(self) -> None:
        """As high as the text, within reason; two lines where there is none yet."""
        lines = max(2, round(self.document().documentLayout().documentSize().height()))
        room = 2 * self.document().documentMargin() + 2 * _NOTES_PADDING
        first = self.document().firstBlock().layout()
        line = first.lineAt(0).height() if first.lineCount() else self.fontMetrics().lineSpacing()
        self.setFixedHeight(math.ceil(min(lines, MOST_LINES) * line + room))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
            if any(event.matches(key) for key in keys):
                event.ignore()
                return True
        return super().event(event)

    def focusOutEvent(self, event: Any) -> None:
        super().focusOutEvent(event)
        self._project_document.end_merge()

    def _typed(self) -> None:
        notes = self.toPlainText()
        if notes != self._project_document.project.notes:
            self._project_document.edit(
                "Write notes", replace(self._project_document.project, notes=notes), merge="project.notes"
            )


class LayerModel(QAbstractTableModel):
    """A row for each node, in the order of computation."""

    HEADINGS = ("Name", "Layer", "Output", "Params")

    def __init__(self) -> None:
        super().__init__()
        self.node_ids: list[str] = []
        self._cells: list[tuple[str, str, str, str]] = []

    def renew(self, graph: Graph, report: Report) -> None:
        """Show these nodes."""
        rest = sorted(graph.nodes.keys() - set(report.order), key=id_order)
        node_ids = [node_id for node_id in report.order if node_id in graph.nodes] + rest
        cells = []
        for node_id in node_ids:
            node, found = graph.nodes[node_id], report.nodes.get(node_id, NodeReport())
            name = layer_name(node)
            cells.append((node.title, name, found.output.text if found.output else "?", f"{found.parameters:,}"))
        if node_ids == self.node_ids:
            changed = [row for row, (old, new) in enumerate(zip(self._cells, cells, strict=True)) if old != new]
            self._cells = cells
            for row in changed:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.HEADINGS) - 1))
            return
        self.beginResetModel()
        self.node_ids, self._cells = node_ids, cells
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._cells)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.HEADINGS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._cells[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 3:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = section == 3
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class LayerTable(QTableView):
    """The table of layers; a row leads to its node."""

    def __init__(self, model: LayerModel, document: Document) -> None:
        super().__init__()
        self.document = document
        self.setObjectName("layer_table")
        self.setAccessibleName("Layers")
        self.setModel(model)
        self._layers = model
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.setStyleSheet("QHeaderView::section { padding: 4px 2px; font-size: 12px; }")  # names need the room
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.clicked.connect(self._clicked)
        self.activated.connect(self._clicked)

    def fit(self) -> None:
        """As high as its rows, up to some."""
        rows = min(max(self._layers.rowCount(), 1), MOST_ROWS)
        self.setFixedHeight(rows * ROW + self.horizontalHeader().sizeHint().height() + 2)

    def _clicked(self, index: QModelIndex) -> None:
        self.document.select([self._layers.node_ids[index.row()]])
