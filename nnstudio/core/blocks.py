"""Block: a layer that holds a drawing, and the verbs that go in and out of it.

The ports of a block are the entries and exits in its drawing, named by the ids of their nodes, so that another title
moves no wire. A path such as `n3/n5` is the node n5 in the drawing of the block n3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from nnstudio.core.graph import Edge, Graph, Node, clean_title, id_order
from nnstudio.core.kinds import Layer, Port, Role, Shape
from nnstudio.core.spec import Setting, field

DEEPEST = 12  # blocks in blocks; more is a mistake or malice
MOST_REPEATS = 1000


class Block(Layer, abstract=True, category="Blocks"):
    """Layers that belong together, as one node with its own ports.

    With `repeat`, the outputs of one pass go into the first inputs of the next; the other inputs are the same each
    time.
    """

    anywhere = True

    name: str = field("Block", "What this kind of block is called: the name of its class in Python.")
    about: str = field("", "What it does, in a sentence.")
    repeat: int = field(1, "How many times it is done, one after the other.", minimum=1, maximum=MOST_REPEATS)
    shared: bool = field(False, "Whether all repetitions use the same weights.")
    graph: Graph = dataclasses.field(default_factory=Graph)

    @classmethod
    @cache
    def settings(cls) -> tuple[Setting, ...]:
        """All but the drawing, which is edited on the canvas."""
        return tuple(setting for setting in super().settings() if setting.name != "graph")

    @cached_property
    def input_ports(self) -> tuple[Port, ...]:  # type: ignore[override]
        return tuple(_port(node) for node in boundary(self.graph, "entry"))

    @cached_property
    def output_ports(self) -> tuple[Port, ...]:  # type: ignore[override]
        return tuple(_port(node) for node in boundary(self.graph, "exit"))

    def summary(self, *shapes: Shape) -> str:
        """How often it is repeated."""
        if self.repeat == 1:
            return ""
        return f"{self.repeat} ×" + (", shared weights" if self.shared else "")


def boundary(graph: Graph, role: Role) -> list[Node]:
    """The nodes of one role, the first made first: the order of ports, and of the arguments of the forward."""
    found = (node for node in graph.nodes.values() if node.layer.role == role)
    return sorted(found, key=lambda node: id_order(node.id))


def _port(node: Node) -> Port:
    optional = bool(getattr(node.layer, "optional", False))
    return Port(node.id, "", optional, node.title)


# -- going in and out --------------------------------------------------------------------------------------------------


def graph_at(graph: Graph, path: Iterable[str]) -> Graph | None:
    """The drawing in the block at a path of ids; the graph itself at the empty one, None where there is no block."""
    for node_id in path:
        node = graph.nodes.get(node_id)
        if node is None or not isinstance(node.layer, Block):
            return None
        graph = node.layer.graph
    return graph


def with_graph_at(graph: Graph, path: Iterable[str], inner: Graph) -> Graph:
    """The graph with another drawing in the block at a path. Wires to ports that are gone are dropped."""
    first, *rest = [*path, ""]
    if not first:
        return inner
    block = graph.nodes[first].layer
    assert isinstance(block, Block)
    return graph.set_layer(first, block.with_(graph=with_graph_at(block.graph, rest[:-1], inner)))


def every_node(graph: Graph, before: str = "") -> Iterable[tuple[str, Node]]:
    """All nodes with their paths, those in blocks too."""
    for node in graph.nodes.values():
        yield before + node.id, node
        if isinstance(node.layer, Block):
            yield from every_node(node.layer.graph, f"{before}{node.id}/")


def title_at(graph: Graph, path: str) -> str:
    """The titles on the way to a node: "encoder / conv1". The number of a pass (`n3#1`) is not said."""
    titles = []
    for part in path.split("/"):
        node = graph.nodes[part.partition("#")[0]]
        titles.append(node.title)
        graph = node.layer.graph if isinstance(node.layer, Block) else graph
    return " / ".join(titles)


def depth(graph: Graph) -> int:
    """How many blocks lie in each other."""
    blocks = [node.layer.graph for node in graph.nodes.values() if isinstance(node.layer, Block)]
    return 1 + max(map(depth, blocks)) if blocks else 0


# -- making and dissolving ---------------------------------------------------------------------------------------------


def group(graph: Graph, node_ids: Iterable[str], entry: Layer, exit_: Layer, name: str = "Block") -> tuple[Graph, Node]:
    """The graph with some nodes drawn together into a block, and the node of that block.

    Each value that comes in from outside gets an entry, each value that is used outside an exit; `entry` and `exit_`
    are their layers. Network inputs and outputs stay outside.

    Raises:
        ValueError: there is nothing to group, a way leads out of the group and back in, or it would lie too deep.
    """
    chosen = {i for i in node_ids if i in graph.nodes and graph.nodes[i].layer.role == "layer"}
    if not chosen:
        raise ValueError("there is no layer among what is selected that could go into a block")
    if max(depth(graph.remove(graph.nodes.keys() - {node_id})) for node_id in chosen) >= DEEPEST:
        raise ValueError(f"no more than {DEEPEST} blocks can lie in each other")
    _refuse_detours(graph, chosen)
    inner = graph.remove(graph.nodes.keys() - chosen)
    inner = replace(inner, created=max(inner.created, graph.created))
    crossing_in = [edge for edge in graph.edges if edge.target in chosen and edge.source not in chosen]
    crossing_out = [edge for edge in graph.edges if edge.source in chosen and edge.target not in chosen]
    places = [graph.nodes[node_id].position for node_id in chosen]
    left, right = min(x for x, _ in places) - 220, max(x for x, _ in places) + 220
    entries: dict[tuple[str, str], str] = {}
    for edge in crossing_in:
        value = (edge.source, edge.source_port)
        if value not in entries:
            place = left, graph.nodes[edge.target].position[1]
            title = "input" if len({(e.source, e.source_port) for e in crossing_in}) == 1 else _title_of(graph, value)
            inner, node = inner.add(entry, place, title)
            entries[value] = node.id
        inner = inner.connect(Edge(entries[value], "output", edge.target, edge.target_port))
    exits: dict[tuple[str, str], str] = {}
    for edge in crossing_out:
        value = (edge.source, edge.source_port)
        if value not in exits:
            place = right, graph.nodes[edge.source].position[1]
            title = "output" if len({(e.source, e.source_port) for e in crossing_out}) == 1 else _title_of(graph, value)
            inner, node = inner.add(exit_, place, title)
            exits[value] = node.id
            inner = inner.connect(Edge(edge.source, edge.source_port, node.id, "input"))
    block = Block(name=clean_title(name) or "Block", graph=inner)  # type: ignore[call-arg]
    middle = (sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places))
    outer, node = graph.remove(chosen).add(block, middle, _title(name))
    for (source, port), entry_id in entries.items():
        outer = outer.connect(Edge(source, port, node.id, entry_id))
    for edge in crossing_out:
        value = (edge.source, edge.source_port)
        outer = outer.connect(Edge(node.id, exits[value], edge.target, edge.target_port))
    return outer, node


def ungroup(graph: Graph, node_id: str) -> tuple[Graph, list[str]]:
    """The graph with a block replaced by what is in it, and the ids of these nodes.

    Raises:
        ValueError: it is no block, or one that is repeated or shared.
    """
    node = graph.nodes[node_id]
    block = node.layer
    if not isinstance(block, Block):
        raise ValueError(f"{node.title} is no block")
    if block.repeat > 1:
        raise ValueError(f"{node.title} is repeated {block.repeat} times: set repeat to 1 before it is taken apart")
    if len(graph.sharing(node_id)) > 1:
        raise ValueError(f"{node.title} shares its weights: let it have its own before it is taken apart")
    ends = {n.id for role in ("entry", "exit") for n in boundary(block.graph, role)}  # type: ignore[arg-type]
    part = block.graph.remove(ends)
    places = [n.position for n in part.nodes.values()] or [(0.0, 0.0)]
    middle = (sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places))
    offset = (node.position[0] - middle[0], node.position[1] - middle[1])
    outer, ids = graph.paste(part, offset)
    new = dict(zip(sorted(part.nodes, key=id_order), ids, strict=True))
    coming = {edge.target_port: edge for edge in graph.into(node_id)}
    made: dict[str, tuple[str, str]] = {}  # what each value in the block is outside
    for edge in block.graph.edges:
        if edge.source in ends and edge.source in coming:
            outside = coming[edge.source]
            made[edge.source] = outside.source, outside.source_port
    outer = outer.remove([node_id])
    for edge in block.graph.edges:
        source = made.get(edge.source) if edge.source in ends else (new[edge.source], edge.source_port)
        if source is None:
            continue
        if edge.target in ends:
            for leaving in graph.out_of(node_id):
                if leaving.source_port == edge.target:
                    outer = outer.connect(Edge(*source, leaving.target, leaving.target_port))
        elif edge.source in ends:
            outer = outer.connect(Edge(*source, new[edge.target], edge.target_port))
    return outer, ids


def _refuse_detours(graph: Graph, chosen: set[str]) -> None:
    """A block cannot wait for what is made from its own output."""
    reached: set[str] = set()
    waiting = [edge.target for edge in graph.edges if edge.source in chosen and edge.target not in chosen]
    while waiting:
        node_id = waiting.pop()
        if node_id in chosen:
            raise ValueError("a way leads out of these layers and back into them: select the layers on that way too")
        if node_id not in reached:
            reached.add(node_id)
            waiting.extend(edge.target for edge in graph.out_of(node_id))


def _title_of(graph: Graph, value: tuple[str, str]) -> str:
    node = graph.nodes[value[0]]
    ports = node.layer.output_ports
    if len(ports) < 2:
        return node.title
    return f"{node.title} {next((port.words for port in ports if port.name == value[1]), value[1])}"


def _title(name: str) -> str:
    """`ResidualBlock` as the title of a node: `residual_block`."""
    words: Any = clean_title(name) or "block"
    return "".join(
        f"_{letter.lower()}" if letter.isupper() and place and not words[place - 1].isupper() else letter.lower()
        for place, letter in enumerate(words.replace(" ", "_"))
    )
