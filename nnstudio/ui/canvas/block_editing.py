"""BlockEditing: going into blocks and out of them, and the verbs that draw layers together or mark them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu

from nnstudio.core.blocks import Block, group, ungroup
from nnstudio.core.graph import Graph, clean_title, id_order
from nnstudio.core.kinds import Layer
from nnstudio.core.layout import arrange
from nnstudio.core.spec import registered
from nnstudio.ui.canvas import geometry
from nnstudio.ui.canvas.editing import Editing
from nnstudio.ui.canvas.repeat_box import RepeatBox
from nnstudio.ui.weights import owners_of_weights


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
        self._ask_for_name(node.id)

    def _ask_for_name(self, node_id: str) -> None:
        """Let the person type what a new block is called: the node and the block. It is one step with the grouping."""
        inside, merge = self.document.inside, f"name of {node_id}"
        self.document.begin_merge(merge)

        def decide(words: str) -> None:
            graph, name = self.document.graph, clean_title(words)
            there = self.document.inside == inside and node_id in graph.nodes
            if name and there and name != graph.nodes[node_id].title:
                graph = graph.configure(node_id, name=name).rename(node_id, name)
                self.document.edit_graph(f"Name {name}", graph, merge=merge)
            self.document.end_merge()

        self.type_title(node_id, decide)

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

    def repeat(self, node_id: str | None = None) -> RepeatBox | None:
        """Let the person say how often a block is repeated: this one, or the selected one."""
        node_id = node_id or self._one_selected()
        if node_id is None or not isinstance(self.document.graph.nodes[node_id].layer, Block):
            self.message.emit("Select one block to repeat it; Ctrl+G makes one of layers.")
            return None
        self.reveal(node_id)
        self.document.end_merge()
        found = RepeatBox(self, self.document, node_id)
        corner = self._scene.nodes[node_id].card().bottomLeft()
        found.open_at(self.viewport().mapToGlobal(self.mapFromScene(corner)))
        return found

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
        """Bypass the selected layers as if they were wires; or put them back in."""
        graph, chosen = self.document.graph, self._layers_selected()
        if not chosen:
            self.message.emit("Select the layers that are to be bypassed.")
            return
        bypassed = not all(graph.nodes[node_id].bypassed for node_id in chosen)
        verb = "Bypass" if bypassed else "Put back"
        self.document.edit_graph(f"{verb} {self._words(graph, chosen)}", graph.bypass(chosen, bypassed))

    def share(self) -> None:
        """Let the selected layers use one set of weights; or let each have its own again.

        Of a single one, the person says with which other one.
        """
        graph, chosen = self.document.graph, sorted(self._layers_selected(), key=id_order)
        sharing = [node_id for node_id in chosen if graph.nodes[node_id].shares]
        if len(chosen) == 1 and sharing:
            self._edit_share(f"Let {graph.nodes[chosen[0]].title} have its own weights", chosen, None)
        elif len(chosen) > 1 and len(sharing) == len(chosen) - 1:
            self._edit_share("Let each have its own weights", chosen, None)
        elif len(chosen) > 1:
            owner = next((graph.nodes[i].shares for i in chosen if graph.nodes[i].shares), chosen[0])
            self._edit_share(f"Share the weights of {graph.nodes[owner].title}", chosen, owner)
        elif len(chosen) == 1 and self.owners_for(chosen[0]):
            menu = self.share_menu(chosen[0], QMenu(self))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            corner = self._scene.nodes[chosen[0]].card().bottomLeft()
            menu.popup(self.viewport().mapToGlobal(self.mapFromScene(corner)))
        else:
            self.message.emit("Select two layers or more of one kind that are to use the same weights.")

    def share_menu(self, node_id: str, menu: QMenu) -> QMenu:
        """The menu filled with the nodes whose weights a node could use."""
        menu.setObjectName("share_menu")
        menu.setTitle("Share weights with")
        for owner_id in self.owners_for(node_id):
            title = self.document.graph.nodes[owner_id].title
            do: Callable[[], None] = partial(self._edit_share, f"Share the weights of {title}", [node_id], owner_id)
            menu.addAction(title.replace("&", "&&"), do)
        return menu

    def owners_for(self, node_id: str) -> list[str]:
        """The other nodes whose weights this one could use, the first made first."""
        return owners_of_weights(self.document, self.document.graph.nodes[node_id])

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
