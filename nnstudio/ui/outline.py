"""Outline: the drawing as a tree, for the keyboard and for screen readers; it can do what the canvas can."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView

from nnstudio.core.graph import Edge, Graph, Node
from nnstudio.core.kinds import Layer
from nnstudio.core.project import Project
from nnstudio.ui.document import Document
from nnstudio.ui.inspector.remedies import without
from nnstudio.ui.outline_model import EDGES, NODE, OutlineModel
from nnstudio.ui.palette import offered

_ROOMY = 280  # from this width on there is room for all columns


class Outline(QTreeView):
    """Selects in the document, renames (F2), deletes (Delete), connects and inserts (context menu)."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self._renewing = False  # rows come and go: what Qt then selects is nobody's wish
        self.setObjectName("outline")
        self.setAccessibleName("Outline of the network")
        self.outline = OutlineModel()
        self.setModel(self.outline)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setExpandsOnDoubleClick(True)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 84)
        header.resizeSection(2, 72)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIndentation(16)
        self.outline.renamed.connect(self._rename)
        document.changed.connect(self._changed)
        document.checked.connect(lambda _: self._renew())
        document.entered.connect(self._renew)
        document.selected.connect(lambda _: self._show_selection())
        self._renew()

    # -- the document ----------------------------------------------------------------------------------------------

    def _changed(self, before: Project, after: Project) -> None:
        if set(self.outline.node_ids) != self.document.graph.nodes.keys():
            self._renew()

    def _renew(self) -> None:
        """Show the drawing as it is; what is unfolded stays unfolded."""
        unfolded = {
            node_id for row, node_id in enumerate(self.outline.node_ids) if self.isExpanded(self.outline.index(row, 0))
        }
        self._renewing = True
        renewed = self.outline.renew(self.document.graph, self.document.here)
        if renewed:
            for row, node_id in enumerate(self.outline.node_ids):
                index = self.outline.index(row, 0)
                if node_id in unfolded:
                    self.expand(index)
                for child in range(self.outline.rowCount(index)):
                    self.setFirstColumnSpanned(child, index, True)
        self._renewing = False
        if renewed:
            self._show_selection()

    def _show_selection(self) -> None:
        if self.chosen() == self.document.selection:
            return
        wanted = QItemSelection()
        last = self.outline.columnCount() - 1
        rows = [self.outline.row_of(i) for i in self.document.selection if i in self.outline.node_ids]
        for row in rows:
            wanted.select(self.outline.index(row, 0), self.outline.index(row, last))
        self._renewing = True
        self.selectionModel().select(wanted, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if len(rows) == 1:
            index = self.outline.index(rows[0], 0)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)
        self._renewing = False

    def chosen(self) -> frozenset[str]:
        """The nodes whose rows, or rows below them, are selected here."""
        return frozenset(str(index.data(NODE)) for index in self.selectionModel().selectedRows(0))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        if not self._renewing:
            self.document.select(self.chosen())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "outline"):
            self._renew()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The name needs the room: where there is little, the colour alone tells the kind of layer."""
        super().resizeEvent(event)
        self.setColumnHidden(1, event.size().width() < _ROOMY)

    # -- verbs -----------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete) or event.key() == Qt.Key.Key_Backspace:
            self.delete()
        else:
            super().keyPressEvent(event)

    def delete(self) -> None:
        """Remove the selected nodes; where rows of wires are selected, these wires."""
        graph = self.document.graph
        rows = self.selectionModel().selectedRows(0)
        edges = [edge for index in rows for edge in index.data(EDGES) or ()]
        if edges:
            words = "Disconnect" if len(edges) == 1 else f"Delete {len(edges)} wires"
            self.document.edit_graph(words, graph.disconnect(edges))
            return
        chosen = self.chosen()
        if chosen:
            title = graph.nodes[next(iter(chosen))].title
            words = f"Delete {title}" if len(chosen) == 1 else f"Delete {len(chosen)} layers"
            self.document.edit_graph(words, graph.remove(chosen))

    def _rename(self, node_id: str, title: str) -> None:
        graph = self.document.graph
        if node_id in graph.nodes:
            self.document.edit_graph(f"Rename {graph.nodes[node_id].title}", graph.rename(node_id, title))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            place = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        menu.popup(place)

    def menu(self) -> QMenu:
        """What can be done with the selected nodes."""
        menu = QMenu(self)
        menu.setAccessibleName("Actions for the selected layers")
        graph, chosen = self.document.graph, sorted(self.document.selection)
        if len(chosen) == 1:
            node = graph.nodes[chosen[0]]
            menu.addAction("Rename", lambda: self._edit_title(node.id))
            self._add_connections(menu, graph, node)
            self._add_inserts(menu, graph, node)
            if len(node.layer.input_ports) == 1 and graph.into(node.id) and graph.out_of(node.id):
                self._add(menu, "Take out of the wire", f"Take out {node.title}", lambda: without(graph, node.id))
        if chosen:
            self._add(menu, "Duplicate", "Duplicate", lambda: graph.duplicate(chosen)[0])
            menu.addSeparator()
            menu.addAction("Delete", self.delete)
        else:
            menu.addAction("Select a layer first").setEnabled(False)
        return menu

    def _add_connections(self, menu: QMenu, graph: Graph, node: Node) -> None:
        if node.layer.output_ports:
            targets = menu.addMenu("Connect to…")
            for other in (graph.nodes[i] for i in self.outline.node_ids if i != node.id):
                for port in other.layer.input_ports:
                    words = other.title if len(other.layer.input_ports) == 1 else f"{other.title}, {port.name}"
                    if graph.ending_at(other.id, port.name) is not None:
                        words += "  (replaces its wire)"
                    for source in node.layer.output_ports:
                        edge = Edge(node.id, source.name, other.id, port.name)
                        if edge in graph.edges:
                            continue
                        label = f"Connect {node.title} to {other.title}"
                        self._add(targets, words, label, partial(graph.connect, edge))
            targets.setEnabled(bool(targets.actions()))
        edges = [*graph.into(node.id), *graph.out_of(node.id)]
        if edges:
            wires = menu.addMenu("Disconnect")
            for edge in edges:
                words = f"{graph.nodes[edge.source].title} → {graph.nodes[edge.target].title}"
                self._add(wires, words, f"Disconnect {words}", partial(graph.disconnect, [edge]))

    def _add_inserts(self, menu: QMenu, graph: Graph, node: Node) -> None:
        if not node.layer.output_ports:
            return
        inserts = menu.addMenu("Insert after")
        categories: dict[str, QMenu] = {}
        for layer in offered(bool(self.document.inside)).values():
            if not layer.inputs:
                continue
            category = layer.category
            if category not in categories:
                categories[category] = inserts.addMenu(category)
            label = f"Add {layer.title}"
            after = categories[category]
            self._add(after, layer.title, label, partial(inserted_after, graph, node.id, layer()))

    def _add(self, menu: QMenu, words: str, label: str, changed: Callable[[], Graph]) -> None:
        menu.addAction(words, lambda: self.document.edit_graph(label, changed()))

    def _edit_title(self, node_id: str) -> None:
        index: QModelIndex = self.outline.index(self.outline.row_of(node_id), 0)
        self.setCurrentIndex(index)
        self.edit(index)


def inserted_after(graph: Graph, node_id: str, layer: Layer) -> Graph:
    """The graph with a layer behind a node: on its one wire, or at the end of a new one."""
    out = graph.out_of(node_id)
    x, y = graph.nodes[node_id].position
    if len(out) == 1 and layer.output_ports:
        target = graph.nodes[out[0].target].position
        return graph.insert_on(out[0], layer, ((x + target[0]) / 2, (y + target[1]) / 2))[0]
    graph, node = graph.add(layer, (x + 200, y))
    return graph.wire(node_id, node.id)
