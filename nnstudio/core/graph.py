"""Graph: the drawing of a network, as a value.

Nodes hold layers, edges join an output port of one node to an input port of another. Every change returns a new
Graph; the old one stays as it was, which is what undo keeps. A Graph may be wrong (a cycle, a missing wire, shapes
that clash): the compiler says so at the node. The verbs here only refuse what has no meaning at all, such as an
edge to a node that does not exist.
"""

from __future__ import annotations

import builtins
import heapq
import re
from bisect import bisect
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nnstudio.core.kinds import Initializer, Layer, Missing, Port

Position = tuple[float, float]

_LONGEST_TITLE = 80
_END_OF_CANVAS = 1e6


@dataclass(frozen=True)
class Node:
    """A layer at a place. The id never changes and is never used again; the title is the person's name for it.

    Attributes:
        frozen: its parameters and running statistics stay as they are while the rest learns.
        bypassed: it passes its first input on as if it were a wire.
        shares: the id of a node of the same drawing whose module it uses instead of one of its own, or empty.
        ties: (parameter, node id, parameter there): single parameters that are the same as another node's.
        initial: (parameter, how its first values are drawn), where that is not torch's own way.
    """

    id: str
    title: str
    layer: Layer
    position: Position = (0.0, 0.0)
    frozen: bool = False
    bypassed: bool = False
    shares: str = ""
    ties: tuple[tuple[str, str, str], ...] = ()
    initial: tuple[tuple[str, Initializer], ...] = ()


@dataclass(frozen=True, order=True)
class Edge:
    """A wire from an output port to an input port, by node ids and port names."""

    source: str
    source_port: str
    target: str
    target_port: str


def id_order(node_id: str) -> tuple[int, str]:
    """Sorts ids as people count: n2 before n10."""
    return len(node_id), node_id


@dataclass(frozen=True)
class Graph:
    """Nodes by id, and the edges between them. `created` counts the nodes ever made, so that no id comes twice."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    created: int = 0

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.created, len(self.nodes), self.edges))

    # -- reading ---------------------------------------------------------------------------------------------------

    def into(self, node_id: str) -> tuple[Edge, ...]:
        """The edges that end at a node."""
        return self._into.get(node_id, ())

    def out_of(self, node_id: str) -> tuple[Edge, ...]:
        """The edges that start at a node."""
        return self._out_of.get(node_id, ())

    def ending_at(self, node_id: str, port: str) -> Edge | None:
        """The edge into one input port."""
        return next((edge for edge in self.into(node_id) if edge.target_port == port), None)

    @cached_property
    def _into(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped(self.edges, "target")

    @cached_property
    def _out_of(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped(self.edges, "source")

    def order(self) -> tuple[list[str], list[str]]:
        """(ids in topological order, ids that lie on or behind a cycle). Ties go to the node made first."""
        waiting = dict.fromkeys(self.nodes, 0)
        following: dict[str, list[str]] = {node_id: [] for node_id in self.nodes}
        for edge in self.edges:
            waiting[edge.target] += 1
            following[edge.source].append(edge.target)
        ready = [id_order(node_id) for node_id, count in waiting.items() if count == 0]
        heapq.heapify(ready)
        ordered = []
        while ready:
            _, node_id = heapq.heappop(ready)
            ordered.append(node_id)
            for target in following[node_id]:
                waiting[target] -= 1
                if waiting[target] == 0:
                    heapq.heappush(ready, id_order(target))
        left = set(self.nodes) - set(ordered)
        return ordered, sorted(left, key=id_order)

    def cycle(self) -> list[str]:
        """The ids of one cycle in the order of its wires, the one made first at the front; or an empty list."""
        _, left = self.order()
        if not left:
            return []
        behind = set(left)
        feeding = {edge.target: edge.source for edge in self.edges if edge.source in behind and edge.target in behind}
        # Every node that is left has a predecessor that is left, so walking back must meet itself.
        seen: dict[str, int] = {}
        walk: list[str] = []
        node_id = left[0]
        while node_id not in seen:
            seen[node_id] = len(walk)
            walk.append(node_id)
            node_id = feeding[node_id]
        found = walk[seen[node_id] :][::-1]
        first = found.index(min(found, key=id_order))
        return found[first:] + found[:first]

    def sharing(self, node_id: str) -> list[str]:
        """The ids of all nodes that use one module with this one, itself included, the owner first."""
        owner = self.nodes[node_id].shares or node_id
        return [owner, *(other for other, node in self.nodes.items() if node.shares == owner and other != owner)]

    def free_title(self, wish: str) -> str:
        """The wish, or the wish with a number that makes it unlike all other titles."""
        return _free(wish, {node.title for node in self.nodes.values()})

    # -- changing: each returns a new Graph ------------------------------------------------------------------------

    def add(self, layer: Layer, position: Position = (0.0, 0.0), title: str = "") -> tuple[Graph, Node]:
        """The graph with one more node, and that node. Without a title it is called after its layer."""
        title = self.free_title(clean_title(title) or default_title(layer))
        node = Node(f"n{self.created + 1}", title, layer, at(position))
        return replace(self, nodes={**self.nodes, node.id: node}, created=self.created + 1), node

    def remove(self, node_ids: Iterable[str]) -> Graph:
        """The graph without these nodes and their wires."""
        gone = set(node_ids)
        nodes = {node_id: node for node_id, node in self.nodes.items() if node_id not in gone}
        edges = tuple(edge for edge in self.edges if edge.source not in gone and edge.target not in gone)
        return replace(self, nodes=_without_references(nodes, gone), edges=edges)

    def connect(self, edge: Edge) -> Graph:
        """The graph with this wire; a wire that ended at the same input gives way.

        Raises:
            ValueError: the edge names a node or a port that is not there.
        """
        source, target = self.nodes.get(edge.source), self.nodes.get(edge.target)
        if source is None or target is None:
            raise ValueError(f"there is no node {edge.source if source is None else edge.target!r}")
        if edge.source_port not in {port.name for port in source.layer.output_ports}:
            raise ValueError(f"{source.title} has no output called {edge.source_port!r}")
        if edge.target_port not in {port.name for port in target.layer.input_ports}:
            raise ValueError(f"{target.title} has no input called {edge.target_port!r}")
        kept = [e for e in self.edges if e.target != edge.target or e.target_port != edge.target_port]
        kept.insert(bisect(kept, edge), edge)
        return replace(self, edges=tuple(kept))

    def wire(self, source: Node | str, target: Node | str, target_port: str | None = None) -> Graph:
        """Connect the first output of one node to an input of another: the named one, or the first that is free.

        Raises:
            ValueError: there is no such node or port.
        """
        source_id = source.id if isinstance(source, Node) else source
        target_id = target.id if isinstance(target, Node) else target
        outputs = [port.name for port in self.nodes[source_id].layer.output_ports] if source_id in self.nodes else []
        inputs = [port.name for port in self.nodes[target_id].layer.input_ports] if target_id in self.nodes else []
        taken = {edge.target_port for edge in self.edges if edge.target == target_id}
        free = [name for name in inputs if name not in taken]
        port = target_port or next(iter(free or inputs), "")
        return self.connect(Edge(source_id, next(iter(outputs), ""), target_id, port))

    def disconnect(self, edges: Iterable[Edge]) -> Graph:
        """The graph without these wires."""
        gone = set(edges)
        return replace(self, edges=tuple(edge for edge in self.edges if edge not in gone))

    def move(self, positions: Mapping[str, Position]) -> Graph:
        """The graph with some nodes at other places."""
        moved = {node_id: replace(self.nodes[node_id], position=at(place)) for node_id, place in positions.items()}
        return replace(self, nodes={**self.nodes, **moved})

    def rename(self, node_id: str, title: str) -> Graph:
        """The graph with another title on one node; a title that is taken gets a number."""
        title = clean_title(title)
        if not title or title == self.nodes[node_id].title:
            return self
        without = replace(self, nodes={k: v for k, v in self.nodes.items() if k != node_id})
        renamed = replace(self.nodes[node_id], title=without.free_title(title))
        return replace(self, nodes={**self.nodes, node_id: renamed})

    def set_layer(self, node_id: str, layer: Layer) -> Graph:
        """The graph with another layer (or the same with other settings) in one node.

        A wire stays at the port of the same name. Where the two layers share no name, ports follow each other in their
        order. Wires for which there is no port are dropped. Nodes that share one module change together.
        """
        graph = self
        for one in self.sharing(node_id):
            graph = graph._with_layer(one, layer)
        return graph

    def _with_layer(self, node_id: str, layer: Layer) -> Graph:
        node = self.nodes[node_id]
        inputs = _followers(node.layer.input_ports, layer.input_ports, {e.target_port for e in self.into(node_id)})
        outputs = _followers(node.layer.output_ports, layer.output_ports, {e.source_port for e in self.out_of(node_id)})
        edges = []
        for edge in self.edges:
            if edge.target == node_id:
                if edge.target_port not in inputs:
                    continue
                edge = replace(edge, target_port=inputs[edge.target_port])
            if edge.source == node_id:
                if edge.source_port not in outputs:
                    continue
                edge = replace(edge, source_port=outputs[edge.source_port])
            edges.append(edge)
        return replace(self, nodes={**self.nodes, node_id: replace(node, layer=layer)}, edges=tuple(sorted(edges)))

    def configure(self, node_id: str, **settings: Any) -> Graph:
        """The graph with some settings of one layer changed. Raises SpecError for an impossible value."""
        return self.set_layer(node_id, self.nodes[node_id].layer.with_(**settings))

    def freeze(self, node_ids: Iterable[str], frozen: bool = True) -> Graph:
        """The graph with some nodes frozen, or learning again."""
        return self._marked(node_ids, lambda node: replace(node, frozen=frozen))

    def bypass(self, node_ids: Iterable[str], bypassed: bool = True) -> Graph:
        """The graph with some nodes left out as if they were wires, or back in."""
        return self._marked(node_ids, lambda node: replace(node, bypassed=bypassed))

    def _marked(self, node_ids: Iterable[str], mark: Callable[[Node], Node]) -> Graph:
        changed = {node_id: mark(self.nodes[node_id]) for node_id in node_ids}
        return replace(self, nodes={**self.nodes, **changed})

    def share(self, node_id: str, owner_id: str) -> Graph:
        """The graph in which a node uses the module of another, and so takes its layer too.

        Raises:
            ValueError: it is the same node.
        """
        owner_id = self.nodes[owner_id].shares or owner_id
        if owner_id == node_id:
            raise ValueError(f"{self.nodes[node_id].title} has the weights that the other one uses")
        others = [other for other in self.sharing(node_id) if self.nodes[node_id].shares == ""] or [node_id]
        graph = self
        for one in others:
            graph = graph.unshare(one)._with_layer(one, self.nodes[owner_id].layer)
            node = replace(graph.nodes[one], shares=owner_id, ties=(), initial=())
            graph = replace(graph, nodes={**graph.nodes, one: node})
        return graph

    def unshare(self, node_id: str) -> Graph:
        """The graph in which a node has a module of its own again."""
        return replace(self, nodes={**self.nodes, node_id: replace(self.nodes[node_id], shares="")})

    def tie(self, node_id: str, parameter: str, owner_id: str, owner_parameter: str) -> Graph:
        """The graph in which one parameter of a node is the very one of another node."""
        node = self.nodes[node_id]
        kept = tuple(tie for tie in node.ties if tie[0] != parameter)
        node = replace(node, ties=(*kept, (parameter, owner_id, owner_parameter)))
        return replace(self, nodes={**self.nodes, node_id: node})

    def held_by(self, node_id: str, parameter: str) -> tuple[str, str] | None:
        """The node whose parameter a tied one is in the end, and its name there; None where ties run in a circle."""
        seen: set[tuple[str, str]] = set()
        while (node_id, parameter) not in seen:
            seen.add((node_id, parameter))
            node_id = self.nodes[node_id].shares or node_id
            tie = next((tie for tie in self.nodes[node_id].ties if tie[0] == parameter), None)
            if tie is None or tie[1] not in self.nodes:
                return node_id, parameter
            _, node_id, parameter = tie
        return None

    def untie(self, node_id: str, parameter: str) -> Graph:
        """The graph in which that parameter is the node's own again."""
        node = self.nodes[node_id]
        node = replace(node, ties=tuple(tie for tie in node.ties if tie[0] != parameter))
        return replace(self, nodes={**self.nodes, node_id: node})

    def initialise(self, node_id: str, parameter: str, initializer: Initializer | None) -> Graph:
        """The graph in which the first values of a parameter are drawn so; None for torch's own way."""
        node = self.nodes[node_id]
        kept = tuple(item for item in node.initial if item[0] != parameter)
        added = ((parameter, initializer),) if initializer is not None else ()
        return replace(self, nodes={**self.nodes, node_id: replace(node, initial=(*kept, *added))})

    def insert_on(self, edge: Edge, layer: Layer, position: Position) -> tuple[Graph, Node]:
        """The graph with a new node in the middle of a wire, and that node."""
        graph, node = self.add(layer, position)
        graph = graph.disconnect([edge])
        if layer.input_ports:
            graph = graph.connect(Edge(edge.source, edge.source_port, node.id, layer.input_ports[0].name))
        if layer.output_ports:
            graph = graph.connect(Edge(node.id, layer.output_ports[0].name, edge.target, edge.target_port))
        return graph, node

    def duplicate(self, node_ids: Iterable[str], offset: Position = (32.0, 32.0)) -> tuple[Graph, list[str]]:
        """The graph with copies of these nodes and of the wires among them, and the ids of the copies.

        A copy of a node that uses another's weights uses them too.
        """
        chosen = set(node_ids)
        graph, ids = self.paste(self.remove(self.nodes.keys() - chosen), offset)
        nodes = dict(graph.nodes)
        for old, new in zip(sorted(chosen, key=id_order), ids, strict=True):
            marks = self.nodes[old]
            if marks.shares and marks.shares not in chosen:
                nodes[new] = replace(nodes[new], shares=marks.shares)
            kept = tuple(tie for tie in marks.ties if tie[1] not in chosen)
            nodes[new] = replace(nodes[new], ties=(*nodes[new].ties, *kept))
        return replace(graph, nodes=nodes), ids

    def paste(self, part: Graph, offset: Position = (0.0, 0.0)) -> tuple[Graph, list[str]]:
        """The graph with all nodes and wires of another one added under new ids, and these ids."""
        nodes, titles = dict(self.nodes), Titles(node.title for node in self.nodes.values())
        new_ids: dict[str, str] = {}
        for number, old in enumerate(sorted(part.nodes.values(), key=lambda node: id_order(node.id)), self.created + 1):
            new_ids[old.id] = f"n{number}"
            place = at((old.position[0] + offset[0], old.position[1] + offset[1]))
            nodes[f"n{number}"] = replace(old, id=f"n{number}", title=titles.take(old.title), position=place)
        for node_id in new_ids.values():
            node = nodes[node_id]
            if node.shares or node.ties:
                ties = tuple((mine, new_ids[other], its) for mine, other, its in node.ties if other in new_ids)
                nodes[node_id] = replace(node, shares=new_ids.get(node.shares, ""), ties=ties)
        copies = [replace(edge, source=new_ids[edge.source], target=new_ids[edge.target]) for edge in part.edges]
        edges = tuple(sorted((*self.edges, *copies)))
        return Graph(nodes, edges, self.created + len(new_ids)), list(new_ids.values())


def _without_references(nodes: dict[str, Node], gone: set[str]) -> dict[str, Node]:
    """The nodes without what they say of nodes that are gone; the first that shared with one of these takes over."""
    heirs: dict[str, str] = {}
    for node_id in sorted(nodes, key=id_order):
        node = nodes[node_id]
        if node.shares in gone:
            heir = heirs.setdefault(node.shares, node_id)
            nodes[node_id] = node = replace(node, shares="" if heir == node_id else heir)
        if any(tie[1] in gone for tie in node.ties):
            nodes[node_id] = replace(node, ties=tuple(tie for tie in node.ties if tie[1] not in gone))
    return nodes


class Titles:
    """The titles that are taken in a drawing."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wish: str) -> str:
        """The wish, or the wish with a number; taken from now on."""
        title = _free(wish, self._taken)
        self._taken.add(title)
        return title


def clean_title(text: str) -> str:
    """A title on one line and of a fit length, without characters that cannot be seen or that turn the text round."""
    joiners = "\u200c\u200d"  # invisible too, but Persian and some emoji are written with them
    seen = "".join(letter for letter in text if letter.isprintable() or letter.isspace() or letter in joiners)
    return " ".join(seen.split())[:_LONGEST_TITLE].strip(f" {joiners}")


def at(position: Iterable[float]) -> Position:
    """A place on the canvas: what lies beyond its end comes to lie at it."""
    x, y = (0.0 if n != n else float(max(-_END_OF_CANVAS, min(_END_OF_CANVAS, n))) for n in position)
    return x, y


def default_title(layer: Layer) -> str:
    """`MaxPool2d` becomes `max_pool2d`: readable, and fit for the name of an attribute in Python."""
    name = layer.name if isinstance(layer, Missing) else type(layer).__name__
    return clean_title(re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name).lower()) or "layer"


def module_names(graph: Graph, inside: bool = False) -> dict[str, str]:
    """For each node the attribute name that its module has in the compiled network and in exported source.

    It is the title, made into an identifier and kept apart from other titles that give the same one. Words such as
    `Mixed_5b`, which can only have been meant as a name, keep their capitals, so that weights of other programs fit.
    With `inside` a block, a title may be a number, as in an nn.Sequential.
    """
    names: dict[str, str] = {}
    taken = set(RESERVED) | _BUILT_IN
    for node_id in sorted(graph.nodes, key=id_order):
        title = graph.nodes[node_id].title
        if _NAME.fullmatch(title) or (inside and _NUMBER.fullmatch(title)):
            stem = title
        else:
            stem = re.sub(r"\W+", "_", title, flags=re.ASCII).strip("_").lower() or "layer"
            stem = f"layer_{stem}" if stem[0].isdigit() else stem
        names[node_id] = name = stem if stem not in taken else _numbered(stem, taken)
        taken.add(name)
    return names


_NAME = re.compile(r"(?=\w*_|\w+[A-Z])[A-Za-z]\w*(?<!_)", flags=re.ASCII)
_NUMBER = re.compile(r"0|[1-9]\d{0,5}")
_BUILT_IN = frozenset(name for name in (*dir(builtins), "T_destination") if name != name.lower())

# Names that an attribute of an nn.Module, or a name in the exported source, must not take.
RESERVED = frozenset(
    """False None True and as assert async await break class continue def del elif else except finally for from
    global if import in is lambda nonlocal not or pass raise return try while with yield match case type
    self torch nn math np numpy x y training forward parameters buffers modules children train eval to cpu cuda half
    float double state_dict load_state_dict zero_grad requires_grad_ apply add_module register_buffer dump_patches
    named_parameters named_modules named_children named_buffers share_memory compile extra_repr graph code print
    bfloat16 get_buffer get_parameter get_submodule set_submodule set_extra_state get_extra_state register_module
    register_parameter type xpu ipu mtia to_empty graph_module recompile call_super_init drawing names code_graph
    activations module_of order places loose states_by_node names_by_node modules_by_node
    register_forward_hook register_forward_pre_hook register_backward_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_pre_hook
    register_load_state_dict_post_hook register_state_dict_pre_hook register_state_dict_post_hook""".split()  # noqa: SIM905
)


def _grouped(edges: tuple[Edge, ...], end: str) -> dict[str, tuple[Edge, ...]]:
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(getattr(edge, end), []).append(edge)
    return {node_id: tuple(group) for node_id, group in found.items()}


def _free(wish: str, taken: Container[str]) -> str:
    return wish if wish not in taken else _numbered(re.sub(r"_[0-9]+$", "", wish), taken)


def _numbered(stem: str, taken: Container[str]) -> str:
    """The stem with a number, from 2 on, that is not taken while the one before it is."""

    def numbered(number: int) -> str:
        return f"{stem[: _LONGEST_TITLE - len(str(number)) - 1]}_{number}"

    low, high = 1, 2
    while numbered(high) in taken:
        low, high = high, 2 * high
    while high - low > 1:  # thousands of nodes have one stem: halving finds the end of the row at once
        middle = (low + high) // 2
        low, high = (middle, high) if numbered(middle) in taken else (low, middle)
    return numbered(high)


def _followers(old: tuple[Port, ...], new: tuple[Port, ...], wired: set[str]) -> dict[str, str]:
    """Which new port takes the wire of each old one."""
    before, after = [port.name for port in old], [port.name for port in new]
    if not set(before) & set(after):
        if len(after) == 1:  # the only port there is takes the wire that there is
            before = [name for name in before if name in wired]
        return dict(zip(before, after, strict=False))
    return {name: name for name in before if name in after}
