"""Editing: everything that can be done to the drawing by a word: the verbs of menus and keys. Each is one edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set

from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QGuiApplication

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Edge, Graph, Node, Position
from nnstudio.core.kinds import Layer
from nnstudio.core.layout import arrange
from nnstudio.core.spec import registered
from nnstudio.ui import shelf
from nnstudio.ui.canvas import clipboard, geometry, placing
from nnstudio.ui.canvas.drawing import Drawing
from nnstudio.ui.canvas.fitting import End, layers_for
from nnstudio.ui.canvas.layer_search import LayerSearch
from nnstudio.ui.canvas.title_field import TitleField
from nnstudio.ui.document import Document
from nnstudio.ui.training import Training

_PASTE_STEP = 32.0


class Editing(Drawing):
    """The drawing with its verbs."""

    # a sentence for the status bar
    message = Signal(str)

    def __init__(self, document: Document, training: Training | None = None) -> None:
        super().__init__(document, training)
        self._pasted = 0  # how often what is on the clipboard now

    # -- adding ----------------------------------------------------------------------------------------------------

    def add_layer(self, name: str, position: QPointF | Position | None = None) -> None:
        """Add a layer by its name in the library.

        With a position (its middle) it stands there, unwired. Without, it comes behind the selected node, or into
        the selected wire, or into the middle of what is seen.
        """
        layer = self._layer(name)
        if layer is not None:
            self.add(layer, position)

    def add(self, layer: Layer, position: QPointF | Position | None = None) -> None:
        """Add this very layer, or block, where `add_layer` would put it."""
        graph = self.document.graph
        chosen, wires = self.document.selection, self._scene.selected_edges
        name = layer.name if isinstance(layer, Block) else layer.title
        label = f"Add {name}"
        if position is not None:
            middle = QPointF(*position) if isinstance(position, tuple) else position
            graph, node = placing.add_at(graph, layer, self._corner(middle))
        elif len(chosen) == 1:
            graph, node = placing.add_after(graph, next(iter(chosen)), layer)
        elif len(wires) == 1 and layer.input_ports and layer.output_ports:
            label = f"Insert {name}"
            graph, node = placing.insert_between(graph, next(iter(wires)), layer)
        else:
            graph, node = placing.add_at(graph, layer, self._corner(self.visible_area().center()))
        self._add(label, graph, node)

    def insert_layer(self, edge: Edge, name: str) -> None:
        """Put a layer into a wire."""
        layer = self._layer(name)
        graph = self.document.graph
        if layer is not None and edge in graph.edges:
            graph, node = placing.insert_between(graph, edge, layer)
            self._add(f"Insert {layer.title}", graph, node)

    def connect_layer(self, end: End, name: str, place: QPointF) -> None:
        """Add a layer at the loose end of a wire, and connect it."""
        layer = self._layer(name)
        graph = self.document.graph
        if layer is None or end[0] not in graph.nodes:
            return
        reach = QPointF(geometry.WIDTH / 2, 0.0)
        middle = place + reach if end[1] == "output" else place - reach
        graph, node = placing.add_at_end(graph, end, layer, self._corner(middle))
        self._add(f"Add {layer.title}", graph, node)

    def search_layer(self, place: QPointF | None = None) -> LayerSearch:
        """Let the person type which layer to add: at a place, or where `add_layer` would put it."""
        return self._search(None, lambda name: self.add_layer(name, place), place)

    def search_for_wire(self, edge: Edge, place: QPointF | None = None) -> LayerSearch:
        """Let the person type which layer to put into a wire."""
        fits = layers_for(self.document.graph, self.document.here, (edge.source, "output", edge.source_port))
        between = {name for name in fits if registered(Layer)[name]().output_ports}
        return self._search(between, lambda name: self.insert_layer(edge, name), place)

    def offer_layers(self, end: End, place: QPointF) -> LayerSearch:
        """Let the person type which layer a wire that was dropped on nothing leads to; only those that fit."""
        fits = layers_for(self.document.graph, self.document.here, end)
        return self._search(fits, lambda name: self.connect_layer(end, name, place), place)

    def _search(self, only: Set[str] | None, do: Callable[[str], None], place: QPointF | None) -> LayerSearch:
        found = LayerSearch(self, only, inside=bool(self.document.inside))
        found.chosen.connect(do)
        point = self.mapFromScene(place) if place is not None else self._pointer_or_middle()
        found.open_at(self.viewport().mapToGlobal(point))
        return found

    def _layer(self, name: str) -> Layer | None:
        kept = shelf.shelved().get(name)
        if kept is not None:
            return kept.block
        found = registered(Layer).get(name)
        if found is None:
            self.message.emit(f"There is no layer called {name[:40]!r}.")
            return None
        layer: Layer = found()
        return layer

    def _add(self, label: str, graph: Graph, node: Node) -> None:
        self.document.edit_graph(label, graph)
        self._scene.select_edges(())
        self.document.select([node.id])
        self._keep_in_sight()
        self.reveal(node.id)

    def _corner(self, middle: QPointF) -> Position:
        return geometry.snapped(middle - QPointF(geometry.WIDTH / 2, geometry.HEIGHT / 2))

    # -- changing --------------------------------------------------------------------------------------------------

    def delete_selection(self) -> None:
        """Remove the selected nodes and wires."""
        graph = self.document.graph
        chosen, wires = self.document.selection, self._scene.selected_edges
        if chosen:
            label = f"Delete {self._words(graph, chosen)}"
        elif wires:
            label = "Delete wire" if len(wires) == 1 else f"Delete {len(wires)} wires"
        else:
            return
        self.document.edit_graph(label, graph.disconnect(wires).remove(chosen))

    def select_all(self) -> None:
        self.document.select(self.document.graph.nodes)

    def duplicate(self) -> None:
        """Copies of the selected nodes, a little beside them."""
        graph = self.document.graph
        chosen = self.document.selection
        if chosen:
            label = f"Duplicate {self._words(graph, chosen)}"
            graph, copies = graph.duplicate(chosen, (_PASTE_STEP, _PASTE_STEP))
            self.document.edit_graph(label, graph)
            self.document.select(copies)

    def copy(self) -> None:
        """The selected nodes go to the clipboard, as text."""
        if self.document.selection:
            text = clipboard.to_text(self.document.graph, self.document.selection)
            QGuiApplication.clipboard().setText(text)
            self._pasted = 0

    def cut(self) -> None:
        if self.document.selection:
            self.copy()
            graph = self.document.graph
            label = f"Cut {self._words(graph, self.document.selection)}"
            self.document.edit_graph(label, graph.remove(self.document.selection))
            self._pasted = -1  # the first paste puts them back where they were

    def paste(self, place: QPointF | None = None) -> None:
        """Add the layers from the clipboard: around a place, or beside where they were, where that is in view."""
        try:
            part = clipboard.from_text(QGuiApplication.clipboard().text())
        except clipboard.ClipboardError as error:
            self.message.emit(str(error))
            return
        area = QRectF()
        for node in part.nodes.values():
            area = area.united(geometry.place(node))
        self._pasted += 1
        away = QPointF(_PASTE_STEP, _PASTE_STEP) * self._pasted
        if place is not None:
            away = place - area.center()
        elif not self.visible_area().intersects(area.translated(away)):
            away = self.visible_area().center() - area.center()
        graph, copies = self.document.graph.paste(part, geometry.snapped(away))
        self.document.edit_graph(f"Paste {self._words(graph, copies)}", graph)
        self.document.select(copies)

    def rename(self, node_id: str) -> TitleField | None:
        """Let the person type a node's name, right on it."""

        def decide(title: str) -> None:
            graph = self.document.graph
            if node_id in graph.nodes:
                self.document.edit_graph(f"Rename {graph.nodes[node_id].title}", graph.rename(node_id, title))

        return self.type_title(node_id, decide)

    def type_title(self, node_id: str, decide: Callable[[str], object]) -> TitleField | None:
        """A field on a node with its name in it; `decide` gets what the person makes of it."""
        item = self._scene.nodes.get(node_id)
        if item is None:
            return None
        self.reveal(node_id)
        card = item.card()
        head = QRectF(card.left() + 4, card.top() + 8, card.width() - 8, 30 / min(1.0, self.zoom))
        place = self.mapFromScene(head).boundingRect()

        def done(title: str) -> None:
            decide(title)
            self.setFocus()

        return TitleField(self.viewport(), item.node.title, place, done)

    def nudge(self, x: float, y: float) -> None:
        """Move the selected nodes a little; nudges in a row are one step of undo."""
        graph = self.document.graph
        chosen = sorted(self.document.selection)
        if chosen:
            places = {i: (graph.nodes[i].position[0] + x, graph.nodes[i].position[1] + y) for i in chosen}
            label = f"Move {self._words(graph, chosen)}"
            self.document.edit_graph(label, graph.move(places), merge=f"nudge {' '.join(chosen)}")

    def arrange(self) -> None:
        """Place all nodes in order from left to right; they glide there."""
        graph = self.document.graph
        before = {node_id: node.position for node_id, node in graph.nodes.items()}
        after = arrange(graph)
        self.document.edit_graph("Arrange", graph.move(after))
        if not self.isVisible() or before == after:
            return
        self.fit()
        self.glide(before, after)

    def _words(self, graph: Graph, node_ids: Iterable[str]) -> str:
        chosen = list(node_ids)
        return graph.nodes[chosen[0]].title if len(chosen) == 1 else f"{len(chosen)} layers"
