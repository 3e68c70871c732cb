"""Auto layout and the places of new nodes: pure functions of the graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import nnstudio.library  # noqa: F401
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Layer
from nnstudio.core.layout import arrange
from nnstudio.core.spec import registered
from nnstudio.ui.canvas import geometry, placing


def layer(name: str, **settings: object) -> Layer:
    return registered(Layer)[name](**settings)


def chain(length: int) -> Graph:
    graph = Graph()
    for index in range(length):
        graph, node = graph.add(layer("Input" if index == 0 else "ReLU"), (13.0 * index, 7.0 * index))
        if index:
            graph = graph.wire(f"n{index}", node)
    return graph


def residual_blocks(count: int) -> Graph:
    graph, last = Graph().add(layer("Input"))
    for _ in range(count):
        graph, a = graph.add(layer("Linear"))
        graph, b = graph.add(layer("ReLU"))
        graph, c = graph.add(layer("Add"))
        graph = graph.wire(last, c).wire(last, a).wire(a, b).wire(b, c)
        last = c
    return graph


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any drawing of nodes with two inputs, circles and loose ends included."""
    graph = Graph()
    count = draw(st.integers(1, 14))
    for _ in range(count):
        graph, _ = graph.add(layer("Add"))
    for _ in range(draw(st.integers(0, 2 * count))):
        source, target = draw(st.integers(1, count)), draw(st.integers(1, count))
        graph = graph.connect(Edge(f"n{source}", "output", f"n{target}", draw(st.sampled_from("ab"))))
    return graph


def overlapping(graph: Graph) -> list[tuple[str, str]]:
    cards = {node_id: geometry.place(node) for node_id, node in graph.nodes.items()}
    ids = sorted(cards)
    return [(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :] if cards[a].intersects(cards[b])]


@given(graphs())
def test_every_node_has_a_place_of_its_own_on_the_grid(graph):
    places = arrange(graph)
    assert places.keys() == graph.nodes.keys()
    assert all(x % geometry.GRID == 0 and y % geometry.GRID == 0 for x, y in places.values())
    assert overlapping(graph.move(places)) == []


@given(graphs())
def test_wires_without_circles_lead_to_the_right(graph):
    _, behind_circles = graph.order()
    places = arrange(graph)
    for edge in graph.edges:
        if edge.source not in behind_circles and edge.target not in behind_circles:
            assert places[edge.source][0] < places[edge.target][0]


@given(graphs())
def test_arranging_twice_changes_nothing(graph):
    places = arrange(graph)
    assert arrange(graph.move(places)) == places


def test_a_chain_is_straight_and_stays_where_it_was():
    graph = chain(9)
    places = arrange(graph)
    assert {y for _, y in places.values()} == {0.0}
    assert [x for x, _ in places.values()] == [geometry.COLUMN * index for index in range(9)]


def test_the_way_around_a_block_is_straight_and_free():
    graph = residual_blocks(5)
    graph = graph.move(arrange(graph))
    joins = [node for node in graph.nodes.values() if node.title.startswith("add")]
    assert {node.position[1] for node in joins} == {0.0}
    for edge in graph.edges:
        if edge.target_port == "a":  # the way around
            start, end = geometry.ends(graph, edge)
            on_the_way = [
                node_id
                for node_id, node in graph.nodes.items()
                if geometry.place(node)
                .adjusted(1, 0, -1, 0)
                .intersects(geometry.wire(start, end).boundingRect().adjusted(0, -1, 0, 1))
            ]
            assert set(on_the_way) <= {edge.source, edge.target}


def test_branches_do_not_cross():
    graph, first = Graph().add(layer("Input"))
    graph, join = graph.add(layer("Concatenate", number_of_inputs=4))
    branches = []
    for port in "dbca":
        graph, branch = graph.add(layer("ReLU"))
        graph = graph.wire(first, branch).connect(Edge(branch.id, "output", join.id, port))
        branches.append(branch.id)
    places = arrange(graph)
    assert len({places[node_id][0] for node_id in branches}) == 1
    assert len({places[node_id][1] for node_id in branches}) == 4


def test_parts_that_do_not_hang_together_stand_below_each_other():
    graph = chain(3)
    graph, _ = graph.add(layer("ReLU"))
    graph, _ = graph.add(layer("ReLU"))
    places = arrange(graph)
    assert places["n4"][1] == places["n5"][1] > places["n1"][1] + geometry.HEIGHT


def test_no_graph_needs_no_place():
    assert arrange(Graph()) == {}


def test_inserting_makes_room_for_the_new_node_only():
    graph = chain(5)
    graph = graph.move(arrange(graph))
    graph, loose = graph.add(layer("ReLU"), (176.0, 400.0))
    graph, node = placing.insert_at(graph, graph.edges[1], layer("Tanh"), (300.0, 8.0))
    assert overlapping(graph) == []
    assert graph.nodes["n1"].position == (0.0, 0.0)
    assert graph.nodes[loose.id].position == (176.0, 400.0)
    assert [graph.nodes[i].position[0] for i in ("n2", node.id, "n3", "n4")] == [176.0, 352.0, 528.0, 704.0]


def test_a_layer_that_cannot_be_put_in_between_is_added_beside():
    graph = chain(3)
    graph = graph.move(arrange(graph))
    after, node = placing.insert_at(graph, graph.edges[0], layer("Output"), (80.0, 0.0))
    assert after.edges == graph.edges
    assert overlapping(after) == []
    assert node.id in after.nodes


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_new_node_covers_no_other(x, y):
    graph = chain(4)
    graph = graph.move(arrange(graph))
    graph, _ = placing.add_at(graph, layer("ReLU"), (x * 16.0, y * 16.0 - 320.0))
    assert overlapping(graph) == []
