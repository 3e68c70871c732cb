"""Wiring: the gestures that draw, move and remove wires, and that put a layer on one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from nnstudio.core.graph import Edge
from nnstudio.core.kinds import Layer
from nnstudio.ui import theme
from nnstudio.ui.canvas import geometry, lettering, placing
from nnstudio.ui.canvas.edge_item import wire_pen
from nnstudio.ui.canvas.fitting import End, carried, ports_for
from nnstudio.ui.canvas.geometry import Side
from nnstudio.ui.canvas.gesture import STILL, Gesture, Pointer
from nnstudio.ui.canvas.scene import Scene

_OVERLAY = 40.0
# A press on a wire this near to one of its ends takes that end.
_END = 44.0


class DrawWire(Gesture):
    """Leads one end of a wire to a port; over empty space `offer` is called with the other end and the place.

    With `taken`, an end of that wire is in hand: dropped over nothing, the wire is removed.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(
        self, scene: Scene, end: End, offer: Callable[[End, QPointF], object], taken: Edge | None = None
    ) -> None:
        super().__init__(scene)
        self.end = end
        self.taken = taken
        self._offer = offer
        self._screen = QPointF()
        self._drawn = False
        self._wire = QGraphicsPathItem()
        self._wire.setZValue(_OVERLAY)
        self._label = _Label()
        self._offers: dict[str, frozenset[tuple[Side, str]]] = {}

    @classmethod
    def from_port(
        cls, scene: Scene, node_id: str, port: tuple[Side, str], offer: Callable[[End, QPointF], object]
    ) -> DrawWire:
        """From a port: an input that has a wire gives its end into the hand, every other port starts a new wire."""
        side, name = port
        taken = scene.graph.ending_at(node_id, name) if side == "input" else None
        if taken is not None:
            return cls(scene, (taken.source, "output", taken.source_port), offer, taken)
        return cls(scene, (node_id, side, name), offer)

    @classmethod
    def from_wire(
        cls, scene: Scene, edge: Edge, place: QPointF, offer: Callable[[End, QPointF], object]
    ) -> DrawWire | None:
        """From a place on a wire near one of its ends; None in its middle."""
        item = scene.edges[edge]
        to_start, to_end = (place - item.start).manhattanLength(), (place - item.end).manhattanLength()
        if min(to_start, to_end) > min(_END, (item.end - item.start).manhattanLength() / 3):
            return None
        if to_end <= to_start:
            return cls(scene, (edge.source, "output", edge.source_port), offer, edge)
        return cls(scene, (edge.target, "input", edge.target_port), offer, edge)

    def press(self, pointer: Pointer) -> None:
        self._screen = pointer.screen

    def move(self, pointer: Pointer) -> None:
        if not self._drawn:
            if (pointer.screen - self._screen).manhattanLength() < STILL:
                return
            self._begin()
        found = self.target(pointer)
        free = pointer.place
        if found is not None:
            node = self.scene.graph.nodes[found[0]]
            free = geometry.port_in_drawing(node, found[1], found[2])
            self.scene.nodes[found[0]].show_hover(True, (found[1], found[2]))
        for node_id, item in self.scene.nodes.items():
            if item.port is not None and (found is None or node_id != found[0]):
                item.show_hover(False)
        node = self.scene.graph.nodes[self.end[0]]
        fixed = geometry.port_in_drawing(node, self.end[1], self.end[2])
        start, end = (fixed, free) if self.end[1] == "output" else (free, fixed)
        fits = found is None or (found[1], found[2]) in self._offers.get(found[0], frozenset())
        self._wire.setPen(wire_pen(theme.current(), pointer.scale, fits, False, wrong=not fits))
        self._wire.setPath(geometry.wire(start, end))
        output = self.end if self.end[1] == "output" else found
        kind = carried(self.scene.graph, self.document.here, output) if output is not None else None
        text = kind.text if kind is not None else ""
        self._label.show_text(text if fits else f"{text} does not fit".strip(), fits)
        self._label.setPos(pointer.place)

    def target(self, pointer: Pointer) -> End | None:
        """The port that would take the wire here: the one under the pointer, or one of the node under it."""
        wanted: Side = "input" if self.end[1] == "output" else "output"
        hit = self.scene.hit(pointer.place, pointer.scale)
        if hit.node_id is None or hit.node_id == self.end[0]:
            return None
        if hit.port is not None and hit.port[0] == wanted:
            return hit.node_id, wanted, hit.port[1]
        layer = self.scene.graph.nodes[hit.node_id].layer
        names = [port.name for port in (layer.input_ports if wanted == "input" else layer.output_ports)]
        if not names:
            return None
        offered = self._offers.get(hit.node_id, frozenset())

        def reluctance(name: str) -> tuple[bool, bool]:
            edge = self.scene.graph.ending_at(hit.node_id or "", name) if wanted == "input" else None
            return (wanted, name) not in offered, edge is not None and edge != self.taken

        return hit.node_id, wanted, min(names, key=reluctance)

    def release(self, pointer: Pointer) -> None:
        if not self._drawn:
            if self.taken is not None:
                self.scene.select_edges([self.taken])
            return
        found = self.target(pointer)
        self._finish()
        graph = self.document.graph
        if found is None:
            if self.taken is not None:
                self.document.edit_graph("Delete wire", graph.disconnect([self.taken]))
            else:
                self._offer(self.end, pointer.place)
            return
        source, target = (self.end, found) if self.end[1] == "output" else (found, self.end)
        edge = Edge(source[0], source[2], target[0], target[2])
        if edge in graph.edges:
            return
        if self.taken is not None:
            graph = graph.disconnect([self.taken])
        names = f"{graph.nodes[edge.source].title} to {graph.nodes[edge.target].title}"
        self.document.edit_graph(f"Connect {names}", graph.connect(edge))

    def cancel(self) -> None:
        self._finish()

    def _begin(self) -> None:
        self._drawn = True
        self._offers = ports_for(self.scene.graph, self.document.here, self.end, self.taken)
        self.scene.show_offers(self._offers | {self.end[0]: frozenset({(self.end[1], self.end[2])})})
        if self.taken is not None:
            self.scene.edges[self.taken].show_state(taken=True)
        self.scene.addItem(self._wire)
        self.scene.addItem(self._label)

    def _finish(self) -> None:
        if self._drawn:
            self._drawn = False
            self.scene.removeItem(self._wire)
            self.scene.removeItem(self._label)
            for item in self.scene.nodes.values():
                item.show_hover(False)
            self.scene.show_as_decided()


class SelectWire(Gesture):
    """A click on a wire selects it."""

    def __init__(self, scene: Scene, edge: Edge) -> None:
        super().__init__(scene)
        self.edge = edge

    def press(self, pointer: Pointer) -> None:
        chosen = self.scene.selected_edges
        if pointer.adding:
            self.scene.select_edges(chosen ^ {self.edge})
        else:
            self.document.select(())
            self.scene.select_edges({self.edge})


class DropLayer(Gesture):
    """Brings a layer from the palette: to a place, or onto a wire, where it is inserted."""

    def __init__(self, scene: Scene, layer: Layer) -> None:
        super().__init__(scene)
        self.layer = layer
        self._ghost: QGraphicsPathItem | None = None
        self._edge: Edge | None = None

    def move(self, pointer: Pointer) -> None:
        if self._ghost is None:
            self._ghost = QGraphicsPathItem()
            self._ghost.setZValue(_OVERLAY)
            color = theme.current().category(self.layer.category)
            color.setAlpha(40)
            self._ghost.setBrush(color)
            path = QPainterPath()
            path.addRoundedRect(geometry.card(self.layer), geometry.RADIUS, geometry.RADIUS)
            self._ghost.setPath(path)
            self.scene.addItem(self._ghost)
        self._ghost.setPos(*self._corner(pointer))
        edge = self.wire_under(pointer)
        self._ghost.setPen(self._outline(edge is not None))
        self._light(edge)

    def release(self, pointer: Pointer) -> None:
        edge = self.wire_under(pointer)
        self.cancel()
        graph = self.document.graph
        if edge is not None:
            graph, node = placing.insert_at(graph, edge, self.layer, self._corner(pointer))
        else:
            graph, node = placing.add_at(graph, self.layer, self._corner(pointer))
        self.document.edit_graph(f"{'Add' if edge is None else 'Insert'} {self.layer.title}", graph)
        self.document.select([node.id])

    def cancel(self) -> None:
        self._light(None)
        if self._ghost is not None:
            self.scene.removeItem(self._ghost)
            self._ghost = None

    def wire_under(self, pointer: Pointer) -> Edge | None:
        """The wire that the layer would be put on here."""
        if not self.layer.input_ports or not self.layer.output_ports:
            return None
        hit = self.scene.hit(pointer.place, pointer.scale)
        if hit.node_id is not None and hit.port is None:
            return None
        # A wire between two close nodes is short: the ports at its ends belong to it here.
        return hit.edge or self.scene.edge_at(pointer.place, pointer.scale * 0.6)

    def _outline(self, inserts: bool) -> QPen:
        """Whole over a wire, which is hidden behind the layer that goes into it; dashed elsewhere."""
        shown = theme.current()
        color = shown.color("accent") if inserts else shown.category(self.layer.category)
        pen = QPen(color, 3.0 if inserts else 1.5, Qt.PenStyle.SolidLine if inserts else Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        return pen

    def _corner(self, pointer: Pointer) -> tuple[float, float]:
        return geometry.snapped(pointer.place - QPointF(geometry.WIDTH / 2, geometry.HEIGHT / 2))

    def _light(self, edge: Edge | None) -> None:
        if self._edge in self.scene.edges and self._edge != edge:
            self.scene.edges[self._edge].show_state(hovered=False)
        if edge is not None:
            self.scene.edges[edge].show_state(hovered=True)
        self._edge = edge


class _Label(QGraphicsItem):
    """A few words beside the pointer, as large as ever whatever the scale."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._fits = True
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(_OVERLAY + 1)

    def show_text(self, text: str, fits: bool) -> None:
        if (text, fits) != (self._text, self._fits):
            self.prepareGeometryChange()
            self._text, self._fits = text, fits

    def boundingRect(self) -> QRectF:
        wide = lettering.metrics(lettering.SMALL).horizontalAdvance(self._text) + 16
        return QRectF(14, 10, wide, 22)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self._text:
            return
        shown = theme.current()
        painter.setPen(QPen(shown.color("accent" if self._fits else "error"), 1.0))
        painter.setBrush(shown.color("surface"))
        place = self.boundingRect().adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(place, 6, 6)
        painter.setFont(lettering.font(lettering.SMALL))
        painter.setPen(shown.color("text" if self._fits else "error"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._text)
