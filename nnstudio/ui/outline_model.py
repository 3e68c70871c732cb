"""OutlineModel: the drawing as a tree: nodes, under each its ports with their wires, and its problems."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QStandardItem, QStandardItemModel

from nnstudio.core.graph import Edge, Graph, Node, id_order
from nnstudio.engine.compiler import NodeReport, Report
from nnstudio.ui import theme
from nnstudio.ui.canvas.face import layer_name

Index = QModelIndex | QPersistentModelIndex
NODE = Qt.ItemDataRole.UserRole  # the id of the node that a row belongs to
EDGES = Qt.ItemDataRole.UserRole + 1  # the wires that a row stands for
PORT = Qt.ItemDataRole.UserRole + 2  # the input port that a row stands for
MARKS = {"error": "Error", "warning": "Warning", "note": "Note"}


class OutlineModel(QStandardItemModel):
    """Rows are compared with what they were, and only those that differ are made anew."""

    # node id, the wished title
    renamed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__(0, 3)
        self.setHorizontalHeaderLabels(["Name", "Layer", "Output"])
        self._shown: dict[str, object] = {}

    @property
    def node_ids(self) -> list[str]:
        """The nodes in the order of their rows."""
        return list(self._shown)

    def renew(self, graph: Graph, report: Report) -> bool:
        """Show this drawing; True when rows came or went, so that selection and folding must be renewed."""
        rest = sorted(graph.nodes.keys() - set(report.order), key=id_order)
        order = [node_id for node_id in report.order if node_id in graph.nodes] + rest
        wanted = {node_id: _facts(graph, report, node_id) for node_id in order}
        if wanted == self._shown and order == list(self._shown):
            return False
        if order != list(self._shown):
            self.removeRows(0, self.rowCount())
            for _ in order:
                self.appendRow([QStandardItem(), QStandardItem(), QStandardItem()])
            self._shown = {}
        for row, node_id in enumerate(order):
            if self._shown.get(node_id) != wanted[node_id]:
                self._fill(row, graph, report, graph.nodes[node_id])
        self._shown = wanted
        return True

    def row_of(self, node_id: str) -> int:
        return self.node_ids.index(node_id)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """What is typed goes to the document; the new title comes back from there."""
        if role == Qt.ItemDataRole.EditRole:
            self.renamed.emit(str(index.data(NODE)), str(value))
            return False
        return super().setData(index, value, role)

    def _fill(self, row: int, graph: Graph, report: Report, node: Node) -> None:
        found = report.nodes.get(node.id, NodeReport())
        problems = report.at(node.id)
        name = layer_name(node)
        output = found.output.text if found.output else "?"
        texts = (node.title, name, output)
        spoken = f"{node.title}, {name}, output {output}, {found.parameters:,} parameters"
        marks = (("frozen", node.frozen), ("bypassed", node.bypassed), ("shares weights", bool(node.shares)))
        spoken += "".join(f", {word}" for word, holds in marks if holds)
        if problems:
            spoken += f", {len(problems)} problem{'s' if len(problems) > 1 else ''}"
        for column, text in enumerate(texts):
            item = self.item(row, column)
            item.setText(text)
            item.setEditable(column == 0)
            item.setData(node.id, NODE)
            item.setToolTip("\n".join(problem.message for problem in problems) or text)
        first = self.item(row, 0)
        first.setIcon(swatch(theme.current().category(node.layer.category), bool(problems)))
        first.setData(spoken, Qt.ItemDataRole.AccessibleTextRole)
        first.removeRows(0, first.rowCount())
        for port in node.layer.input_ports:
            edge = graph.ending_at(node.id, port.name)
            source = graph.nodes[edge.source].title if edge else "nothing"
            child = _child(f"{port.name} ← {source}", node.id, (edge,) if edge else ())
            child.setData(port.name, PORT)
            first.appendRow(child)
        for port in node.layer.output_ports:
            edges = tuple(edge for edge in graph.out_of(node.id) if edge.source_port == port.name)
            targets = ", ".join(graph.nodes[edge.target].title for edge in edges) or "nothing"
            first.appendRow(_child(f"{port.name} → {targets}", node.id, edges))
        for problem in problems:
            child = _child(f"{MARKS[problem.severity]}: {problem.message}", node.id, ())
            child.setForeground(theme.current().color("error" if problem.severity == "error" else "warning"))
            first.appendRow(child)


def _child(text: str, node_id: str, edges: tuple[Edge, ...]) -> QStandardItem:
    item = QStandardItem(text)
    item.setEditable(False)
    item.setData(node_id, NODE)
    item.setData(edges, EDGES)
    item.setToolTip(text)
    return item


def _facts(graph: Graph, report: Report, node_id: str) -> object:
    """All that the rows of a node show."""
    node = graph.nodes[node_id]
    wires = graph.into(node_id), graph.out_of(node_id)
    around = {graph.nodes[i].title for edges in wires for edge in edges for i in (edge.source, edge.target)}
    name = theme.current().name
    marks = (node.frozen, node.bypassed, node.shares)
    return node.title, node.layer, marks, wires, around, report.nodes.get(node_id), tuple(report.at(node_id)), name


def swatch(color: QColor, marked: bool) -> QIcon:
    """A small square of a category's colour, with a corner in the colour of errors when something is wrong."""
    pixmap = QPixmap(32, 32)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(2, 2, 12, 12), 3, 3)
    if marked:
        painter.setBrush(theme.current().color("error"))
        painter.drawEllipse(QRectF(8, 0, 8, 8))
    painter.end()
    return QIcon(pixmap)
