"""Scene: the items of the drawing, kept equal to the document by comparing values.

Nothing is written here but what is seen. A scene made anew from the same document looks the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QGraphicsScene

from nnstudio.core.graph import Edge, Graph, Position
from nnstudio.core.project import Project
from nnstudio.engine.compiler import NodeReport, Report
from nnstudio.ui.canvas import geometry
from nnstudio.ui.canvas.edge_item import EdgeItem
from nnstudio.ui.canvas.geometry import Side
from nnstudio.ui.canvas.node_item import NodeItem
from nnstudio.ui.canvas.pictures import Picture
from nnstudio.ui.document import Document


@dataclass(frozen=True)
class Hit:
    """What lies under a point: a port of a node, a node, a wire, or nothing at all."""

    node_id: str | None = None
    port: tuple[Side, str] | None = None
    edge: Edge | None = None


class Scene(QGraphicsScene):
    """One item for each node and each wire of the document."""

    # a block was entered or left; what was seen until now is still there
    leaving = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.graph = Graph()
        self.nodes: dict[str, NodeItem] = {}
        self.edges: dict[Edge, EdgeItem] = {}
        self.selected_edges: frozenset[Edge] = frozenset()
        self._touching: dict[str, set[Edge]] = {}
        self._hover = Hit()
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        self._show_graph(document.graph)
        self._show_report()
        self._show_selection(document.selection)
        document.changed.connect(self._document_changed)
        document.checked.connect(self._show_report)
        document.entered.connect(self._show_other)
        document.selected.connect(self._show_selection)

    # -- following the document ------------------------------------------------------------------------------------

    def _document_changed(self, before: Project, after: Project) -> None:
        self._show_graph(self.document.graph)

    def _show_other(self) -> None:
        """A block was entered or left: its nodes have nothing to do with those that were shown, whatever their ids."""
        self.leaving.emit()
        for node_id in list(self.nodes):
            self._forget_node(node_id)
        self.graph = Graph()
        self._hover, self.selected_edges = Hit(), frozenset()
        self._show_graph(self.document.graph)
        self._show_report()
        self._show_selection(self.document.selection)

    def _show_graph(self, graph: Graph) -> None:
        """Touch what differs from what is shown, and only that."""
        before, self.graph = self.graph, graph
        if before is graph:
            return
        moved: set[str] = set()
        if before.nodes is not graph.nodes:
            for node_id in before.nodes.keys() - graph.nodes.keys():
                self._forget_node(node_id)
            report = self.document.here
            for node_id, node in graph.nodes.items():
                shown = self.nodes.get(node_id)
                if shown is None:
                    item = NodeItem(node)
                    item.show_report(report.nodes.get(node_id, NodeReport()), report.at(node_id))
                    self.nodes[node_id] = item
                    self.addItem(item)
                elif shown.node is not node and shown.node != node:
                    shown.show_node(node)
                    moved.add(node_id)
        if before.edges != graph.edges:
            wanted = set(graph.edges)
            for edge in self.edges.keys() - wanted:
                self._forget_edge(edge)
            for edge in graph.edges:
                if edge not in self.edges:
                    self._add_edge(edge)
            self.selected_edges &= wanted
        self._lead_wires(moved)
        if before.nodes is not graph.nodes:
            used = {node.shares for node in graph.nodes.values()}
            used.update(tie[1] for node in graph.nodes.values() for tie in node.ties)
            for node_id, item in self.nodes.items():
                item.show_used(node_id in used)

    def _show_report(self, _: Report | None = None) -> None:
        report = self.document.here
        for node_id, item in self.nodes.items():
            item.show_report(report.nodes.get(node_id, NodeReport()), report.at(node_id))
        wrong = self._wrong_edges(report)
        for edge, wire in self.edges.items():
            wire.show_state(wrong=edge in wrong)

    def _wrong_edges(self, report: Report) -> set[Edge]:
        """The wires that bring what their node cannot take, and those that run in a circle."""
        wrong: set[Edge] = set()
        for problem in report.errors:
            if problem.node in self.graph.nodes and problem.got:
                node_id = problem.node or ""
                known = all(kind is not None for kind in report.nodes[node_id].inputs)
                if known and report.nodes[node_id].inputs:
                    into = self.graph.into(node_id)
                    wrong.update(edge for edge in into if problem.port in (None, edge.target_port))
        cycle = self.graph.cycle() if report.errors else []
        steps = set(pairwise([*cycle, *cycle[:1]]))
        wrong.update(edge for edge in self.edges if (edge.source, edge.target) in steps)
        return wrong

    def _show_selection(self, chosen: frozenset[str]) -> None:
        for node_id, item in self.nodes.items():
            item.show_selected(node_id in chosen)

    def _add_edge(self, edge: Edge) -> None:
        item = EdgeItem(edge, *geometry.ends(self.graph, edge))
        self.edges[edge] = item
        self._touching.setdefault(edge.source, set()).add(edge)
        self._touching.setdefault(edge.target, set()).add(edge)
        self.addItem(item)

    def _forget_edge(self, edge: Edge) -> None:
        self.removeItem(self.edges.pop(edge))
        self._touching.get(edge.source, set()).discard(edge)
        self._touching.get(edge.target, set()).discard(edge)
        if self._hover.edge == edge:
            self._hover = Hit()

    def _forget_node(self, node_id: str) -> None:
        for edge in list(self._touching.pop(node_id, ())):
            self._forget_edge(edge)
        self.removeItem(self.nodes.pop(node_id))
        if self._hover.node_id == node_id:
            self._hover = Hit()

    def _lead_wires(self, node_ids: Iterable[str]) -> None:
        """Let the wires of these nodes follow where their items are now."""
        for edge in {edge for node_id in node_ids for edge in self._touching.get(node_id, ())}:
            source, target = self.nodes[edge.source], self.nodes[edge.target]
            start = geometry.port_in_drawing(source.node, "output", edge.source_port)
            end = geometry.port_in_drawing(target.node, "input", edge.target_port)
            # An item that a gesture or a glide has moved is not where its node is.
            start += source.pos() - QPointF(*source.node.position)
            end += target.pos() - QPointF(*target.node.position)
            self.edges[edge].lead(start, end)

    # -- what is seen but not decided ------------------------------------------------------------------------------

    def show_places(self, places: Mapping[str, Position]) -> None:
        """Show nodes where they would be after a move that has not happened yet."""
        for node_id, place in places.items():
            if node_id in self.nodes:
                self.nodes[node_id].setPos(*place)
        self._lead_wires(places)

    def show_as_decided(self) -> None:
        """Take back all that a gesture showed."""
        away = [node_id for node_id, item in self.nodes.items() if item.pos() != QPointF(*item.node.position)]
        self.show_places({node_id: self.nodes[node_id].node.position for node_id in away})
        self.show_offers(None)
        for item in self.edges.values():
            item.show_state(taken=False)

    def show_offers(self, offers: Mapping[str, frozenset[tuple[Side, str]]] | None) -> None:
        """Light the ports that can take a wire and dim the others; None when no wire is drawn."""
        for node_id, item in self.nodes.items():
            item.show_offers(None if offers is None else offers.get(node_id, frozenset()))

    def show_pictures(self, pictures: Mapping[str, Picture | None]) -> list[str]:
        """Show these pictures; the ids of the nodes that look different now."""
        return [
            node_id
            for node_id, picture in pictures.items()
            if node_id in self.nodes and self.nodes[node_id].show_picture(picture)
        ]

    def show_hover(self, hit: Hit) -> None:
        """Light what is under the pointer."""
        before, self._hover = self._hover, hit
        if before == hit:
            return
        if before.node_id != hit.node_id:
            if before.node_id in self.nodes:
                self.nodes[before.node_id].show_hover(False)
            lit = self._with_same_weights(hit.node_id) if hit.node_id in self.nodes else set()
            for node_id, item in self.nodes.items():
                item.show_lit(node_id in lit)
        if before.edge in self.edges and before.edge != hit.edge:
            self.edges[before.edge].show_state(hovered=False)
        if hit.node_id in self.nodes:
            self.nodes[hit.node_id].show_hover(True, hit.port)
        if hit.edge in self.edges:
            self.edges[hit.edge].show_state(hovered=True)

    def _with_same_weights(self, node_id: str) -> set[str]:
        """The other nodes that use weights of this one, or whose weights it uses."""
        found = set(self.graph.sharing(node_id))
        for node in self.graph.nodes.values():
            for _, other, _ in node.ties:
                if node_id in (node.id, other):
                    found |= {node.id, other}
        return found - {node_id}

    def renew_look(self) -> None:
        """The colours or the font of the program changed."""
        for item in self.nodes.values():
            item.renew_look()
        self.update()

    def select_edges(self, edges: Iterable[Edge]) -> None:
        """Select these wires and no others. It is not part of the document: wires have nothing to inspect."""
        chosen = frozenset(edges) & self.edges.keys()
        for edge in self.selected_edges ^ chosen:
            self.edges[edge].show_state(selected=edge in chosen)
        self.selected_edges = frozenset(chosen)

    # -- reading ---------------------------------------------------------------------------------------------------

    def hit(self, point: QPointF, scale: float = 1.0) -> Hit:
        """What lies under a point of the drawing, at this scale of the view."""
        reach = max(geometry.PORT_REACH, geometry.WIRE_REACH / scale)
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        under = self.items(box, Qt.ItemSelectionMode.IntersectsItemBoundingRect, Qt.SortOrder.DescendingOrder)
        nodes = [item for item in under if isinstance(item, NodeItem)]
        for item in nodes:
            port = item.port_at(point)
            if port is not None:
                return Hit(item.node.id, port)
        for item in nodes:
            if item.card().contains(point):
                return Hit(item.node.id)
        edge = self.edge_at(point, scale, under)
        return Hit(edge=edge)

    def edge_at(self, point: QPointF, scale: float = 1.0, under: Iterable[Any] | None = None) -> Edge | None:
        """The wire under a point, also where a node lies over it."""
        reach = geometry.WIRE_REACH / min(scale, 1.0)
        if under is None:
            box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
            under = self.items(box, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        best, found = reach, None
        for item in under:
            if isinstance(item, EdgeItem):
                away = item.distance(point)
                if away < best:
                    best, found = away, item.edge
        return found

    def nodes_in(self, area: QRectF) -> list[str]:
        """The ids of the nodes whose card touches an area of the drawing."""
        under = self.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        return [item.node.id for item in under if isinstance(item, NodeItem) and item.card().intersects(area)]

    def bounds(self, node_ids: Iterable[str] | None = None) -> QRectF:
        """The rectangle around all nodes, or some of them, with the sentences under them."""
        chosen = self.nodes.values() if node_ids is None else [self.nodes[i] for i in node_ids if i in self.nodes]
        area = QRectF()
        for item in chosen:
            area = area.united(item.sceneBoundingRect())
        return area

    def description(self) -> dict[str, Any]:
        """All that is seen, as a plain value: what two scenes of equal documents have in common."""
        return {
            "nodes": {node_id: self.nodes[node_id].description() for node_id in sorted(self.nodes)},
            "edges": {edge: self.edges[edge].description() for edge in sorted(self.edges)},
        }
