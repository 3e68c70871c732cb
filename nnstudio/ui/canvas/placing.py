"""Placing: where a new node goes, what it is wired to, and who makes room. Pure functions of the graph."""

from __future__ import annotations

from nnstudio.core.graph import Edge, Graph, Node, Position
from nnstudio.core.kinds import Layer
from nnstudio.ui.canvas.geometry import COLUMN, GRID, HEIGHT, ROW, WIDTH, Side


def add_at(graph: Graph, layer: Layer, position: Position) -> tuple[Graph, Node]:
    """The graph with one more node, unwired, at this place or the first free one below it."""
    return graph.add(layer, free_place(graph, position))


def insert_at(graph: Graph, edge: Edge, layer: Layer, position: Position) -> tuple[Graph, Node]:
    """The graph with a node in the middle of a wire; what follows makes room.

    A layer without an input or without an output cannot be put in between: it is added beside the wire.
    """
    if not layer.input_ports or not layer.output_ports:
        return add_at(graph, layer, position)
    graph, node = graph.insert_on(edge, layer, position)
    return make_room(graph, node.id), node


def insert_between(graph: Graph, edge: Edge, layer: Layer) -> tuple[Graph, Node]:
    """The graph with a node in the middle of a wire, at the place that suits the wire."""
    source, target = graph.nodes[edge.source], graph.nodes[edge.target]
    x = source.position[0] + COLUMN
    y = source.position[1] if len(graph.out_of(source.id)) == 1 else target.position[1]
    return insert_at(graph, edge, layer, (x, y))


def add_after(graph: Graph, node_id: str, layer: Layer) -> tuple[Graph, Node]:
    """The graph with a node wired behind another: in its only wire where there is one, else on a new wire.

    Behind an Output comes nothing, so the new node goes before it. A layer that takes nothing stays unwired.
    """
    node = graph.nodes[node_id]
    x, y = node.position
    leaving, arriving = graph.out_of(node_id), graph.into(node_id)
    if not node.layer.output_ports:
        if arriving and layer.input_ports and layer.output_ports:
            return insert_between(graph, arriving[0], layer)
        graph, new = add_at(graph, layer, (x - COLUMN, y))
        return (graph.wire(new, node) if layer.output_ports and node.layer.input_ports else graph), new
    if not layer.input_ports:
        return add_at(graph, layer, (x, y + ROW))
    if len(leaving) == 1 and layer.output_ports:
        return insert_between(graph, leaving[0], layer)
    graph, new = add_at(graph, layer, (x + COLUMN, y))
    return graph.wire(node, new), new


def add_at_end(graph: Graph, end: tuple[str, Side, str], layer: Layer, position: Position) -> tuple[Graph, Node]:
    """The graph with a node at a place, wired to one port of another node."""
    node_id, side, port = end
    graph, new = add_at(graph, layer, position)
    if side == "output" and layer.input_ports:
        graph = graph.connect(Edge(node_id, port, new.id, layer.input_ports[0].name))
    elif side == "input" and layer.output_ports:
        graph = graph.connect(Edge(new.id, layer.output_ports[0].name, node_id, port))
    return graph, new


def make_room(graph: Graph, node_id: str) -> Graph:
    """The graph with a node moved clear of those that feed it, and what it feeds moved on to the right."""
    node = graph.nodes[node_id]
    x, y = node.position
    for edge in graph.into(node_id):
        source = graph.nodes[edge.source]
        if abs(source.position[1] - y) < HEIGHT and source.position[0] < x + WIDTH:
            x = max(x, source.position[0] + COLUMN)
    graph = graph.move({node_id: (x, y)})
    behind = _behind(graph, node_id)
    in_the_way = [
        graph.nodes[other].position[0] for other in behind if abs(graph.nodes[other].position[1] - y) < HEIGHT
    ]
    push = x + COLUMN - min(in_the_way, default=x + COLUMN)
    if push <= 0:
        return graph
    moved = [graph.nodes[other] for other in behind if graph.nodes[other].position[0] >= x - WIDTH]
    return graph.move({other.id: (other.position[0] + push, other.position[1]) for other in moved})


def free_place(graph: Graph, wish: Position) -> Position:
    """The wish, or the first place below it where no other node is in the way."""
    x, y = wish
    near = [node.position for node in graph.nodes.values() if abs(node.position[0] - x) < WIDTH]
    while any(abs(y - top) < HEIGHT for _, top in near):
        y += GRID
    return x, y


def leads_to(graph: Graph, node_id: str, *, backwards: bool = False) -> set[str]:
    """All nodes that a node leads to, or that lead to it; itself included."""
    beside: dict[str, list[str]] = {}
    for edge in graph.edges:
        first, second = (edge.target, edge.source) if backwards else (edge.source, edge.target)
        beside.setdefault(first, []).append(second)
    found, waiting = {node_id}, [node_id]
    while waiting:
        for other in beside.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _behind(graph: Graph, node_id: str) -> set[str]:
    """What a node leads to, less what leads to it."""
    return leads_to(graph, node_id) - leads_to(graph, node_id, backwards=True)
