"""BlockEditing: going into blocks and out of them, and the verbs that draw layers together or mark them."""

from __future__ import annotations

from PySide6.QtCore import Signal

from nnstudio.core.blocks import Block, group, ungroup
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Layer
from nnstudio.core.layout import arrange
from nnstudio.core.spec import registered
from nnstudio.ui.canvas import geometry
from nnstudio.ui.canvas.editing import Editing


class BlockEditing(Editing):
    """The drawing with the verbs for blocks. Each is one edit."""

    # a Block that the person wants to keep for other projects
    keep_wanted = Signal(object)

    # -- going in and out ------------------------------------------------------------------------------------------

    def enter(self, node_id: str | None = None) -> None:
        """Show the drawing in a block: in this one, or in the selected one."""
        node_id = node_id or self._one_selected()
        if node_id is None or not isinstance(self.document.graph.nodes[node_id].layer, Block):
            self.message.emit("Select one block to go into it.")
            return
        self.document.enter((*self.document.inside, node_id))

    def leave(self) -> None:
        """Show the drawing around this one."""
        if not self.document.inside:
            self.message.emit("This is the whole network: there is nothing around it.")
            return
        self.document.leave()

    # -- blocks ----------------------------------------------------------------------------------------------------

    def group(self) -> None:
        """Draw the selected layers together into a block, and let the person name it."""
        layers = registered(Layer)
        try:
            graph, node = group(
                self.document.graph, self.document.selection, layers["BlockInput"](), layers["BlockOutput"]()
            )
        except ValueError as error:
            self.message.emit(f"No block was made: {error}.")
            return
        block = node.layer
        assert isinstance(block, Block)
        inner = block.graph.move(arrange(block.graph))
        corner = geometry.snapped(geometry.place(node).topLeft())
        graph = graph.set_layer(node.id, block.with_(graph=inner)).move({node.id: corner})
        self.document.edit_graph(f"Group {self._words(self.document.graph, self.document.selection)}", graph)
        self.document.select([node.id])
        self.rename(node.id)

    def ungroup(self) -> None:
        """Put what is in the selected block in its place."""
        node_id = self._one_selected()
        if node_id is None:
            self.message.emit("Select one block to take it apart.")
            return
        title = self.document.graph.nodes[node_id].title
        try:
            graph, inside = ungroup(self.document.graph, node_id)
        except ValueError as error:
            self.message.emit(f"Nothing was taken apart: {error}.")
            return
        self.document.edit_graph(f"Ungroup {title}", graph)
        self.document.select(inside)

    def keep_block(self) -> None:
        """Keep the selected block for other projects."""
        node_id = self._one_selected()
        block = self.document.graph.nodes[node_id].layer if node_id is not None else None
        if isinstance(block, Block):
            self.keep_wanted.emit(block)
        else:
            self.message.emit("Select one block to keep it.")

    def add_block(self, block: Block) -> None:
        """Add a block from the library, where `add_layer` would put a layer."""
        self.add(block)

    # -- marks -----------------------------------------------------------------------------------------------------

    def freeze(self) -> None:
        """Let the selected layers keep their weights while the others learn; or let them learn again."""
        graph, chosen = self.document.graph, self._layers_selected()
        if not chosen:
            self.message.emit("Select the layers whose weights are to stay as they are.")
            return
        frozen = not all(graph.nodes[node_id].frozen for node_id in chosen)
        verb = "Freeze" if frozen else "Unfreeze"
        self.document.edit_graph(f"{verb} {self._words(graph, chosen)}", graph.freeze(chosen, frozen))

    def bypass(self) -> None:
        """Leave the selected layers out as if they were wires; or put them back in."""
        graph, chosen = self.document.graph, self._layers_selected()
        if not chosen:
            self.message.emit("Select the layers that are to be left out.")
            return
        bypassed = not all(graph.nodes[node_id].bypassed for node_id in chosen)
        verb = "Leave out" if bypassed else "Put back"
        self.document.edit_graph(f"{verb} {self._words(graph, chosen)}", graph.bypass(chosen, bypassed))

    def share(self) -> None:
        """Let the selected layers use one set of weights; or let each have its own again."""
        graph, chosen = self.document.graph, sorted(self._layers_selected(), key=lambda i: int(i[1:]))
        sharing = [node_id for node_id in chosen if graph.nodes[node_id].shares]
        if len(chosen) == 1 and sharing:
            self._edit_share(f"Let {graph.nodes[chosen[0]].title} have its own weights", chosen, None)
        elif len(chosen) > 1 and len(sharing) == len(chosen) - 1:
            self._edit_share("Let each have its own weights", chosen, None)
        elif len(chosen) > 1:
            owner = next((graph.nodes[i].shares for i in chosen if graph.nodes[i].shares), chosen[0])
            self._edit_share(f"Share the weights of {graph.nodes[owner].title}", chosen, owner)
        else:
            self.message.emit("Select two layers or more that are to use the same weights.")

    def _edit_share(self, label: str, chosen: list[str], owner: str | None) -> None:
        graph: Graph = self.document.graph
        try:
            for node_id in chosen:
                if owner is None:
                    graph = graph.unshare(node_id) if graph.nodes[node_id].shares else graph
                elif node_id != owner:
                    graph = graph.share(node_id, owner)
        except ValueError as error:
            self.message.emit(f"Nothing was changed: {error}.")
            return
        self.document.edit_graph(label, graph)

    def _one_selected(self) -> str | None:
        chosen = self.document.selection
        return next(iter(chosen)) if len(chosen) == 1 else None

    def _layers_selected(self) -> list[str]:
        nodes = self.document.graph.nodes
        return sorted(node_id for node_id in self.document.selection if nodes[node_id].layer.role == "layer")
