"""A drawing stays one, whatever is done to it."""

from __future__ import annotations

import builtins
import keyword
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from torch import nn

from core.drawings import HOSTILE_TITLES, anything, edges_of, graphs, layer, missing, positions, possible, titles
from nnstudio.core.graph import Edge, Graph, at, clean_title, default_title, id_order, module_names
from nnstudio.core.spec import SpecError
from nnstudio.core.storage import graph_from_json, graph_to_json


def chain(*names: str) -> Graph:
    graph, last = Graph(), None
    for name in names:
        graph, node = graph.add(layer(name))
        graph = graph.wire(last, node) if last else graph
        last = node
    return graph


def picture(graph: Graph, renamed: dict[str, str] | None = None) -> tuple[dict[str, Any], set[tuple[str, ...]]]:
    """What a drawing means: layers by id and wires, under other ids where they are given."""
    ids = renamed or {node_id: node_id for node_id in graph.nodes}
    wires = {(ids[e.source], e.source_port, ids[e.target], e.target_port) for e in graph.edges}
    return {ids[node_id]: node.layer for node_id, node in graph.nodes.items()}, wires


def assert_sound(graph: Graph) -> None:
    ends = [(edge.target, edge.target_port) for edge in graph.edges]
    assert len(ends) == len(set(ends))
    assert graph.edges == tuple(sorted(graph.edges))
    for edge in graph.edges:
        assert edge.source_port in [port.name for port in graph.nodes[edge.source].layer.output_ports]
        assert edge.target_port in [port.name for port in graph.nodes[edge.target].layer.input_ports]
        assert edge in graph.into(edge.target)
        assert edge in graph.out_of(edge.source)
        assert graph.ending_at(edge.target, edge.target_port) == edge
    assert [node_id for node_id, node in graph.nodes.items() if node.id != node_id] == []
    named = [node.title for node in graph.nodes.values()]
    assert len(named) == len(set(named))
    assert all(title and title == clean_title(title) for title in named)
    assert all(abs(n) <= 1e6 for node in graph.nodes.values() for n in node.position)
    assert graph_from_json(graph_to_json(graph)) == graph


def assert_ordered(graph: Graph) -> None:
    """Against the plainest way to say it: again and again the node made first among those that wait for none."""
    ordered, left = graph.order()
    done: list[str] = []
    while True:
        ready = [i for i in graph.nodes if i not in done and all(edge.source in done for edge in graph.into(i))]
        if not ready:
            break
        done.append(min(ready, key=id_order))
    assert ordered == done
    assert left == sorted(graph.nodes.keys() - set(done), key=id_order)
    cycle = graph.cycle()
    assert bool(cycle) == bool(left)
    wires = {(edge.source, edge.target) for edge in graph.edges}
    assert all(pair in wires for pair in pairwise([*cycle, *cycle[:1]]))
    assert len(set(cycle)) == len(cycle)
    assert cycle[:1] == sorted(cycle, key=id_order)[:1]


class Drawing(RuleBasedStateMachine):
    """Any verbs in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self.used: set[str] = set()
        self.before: tuple[Graph, Any] = (self.graph, graph_to_json(self.graph))

    def change(self, graph: Graph) -> None:
        assert not (graph.nodes.keys() - self.graph.nodes.keys()) & self.used, "an id came a second time"
        assert graph_to_json(self.graph) == self.before[1], "the graph before the change is not what it was"
        self.used |= graph.nodes.keys()
        self.graph, self.before = graph, (graph, graph_to_json(graph))

    def some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.graph.nodes)))

    def several(self, data: st.DataObject) -> list[str]:
        return data.draw(st.lists(st.sampled_from(sorted(self.graph.nodes)), max_size=4))

    has_nodes = precondition(lambda self: self.graph.nodes)
    has_wires = precondition(lambda self: self.graph.edges)
    can_wire = precondition(lambda self: possible(self.graph))

    @rule(layer=anything, position=positions, title=titles)
    def add(self, layer: Any, position: Any, title: str) -> None:
        graph, node = self.graph.add(layer, position, title)
        assert graph.nodes[node.id] == node
        assert node.layer == layer
        self.change(graph)

    @has_nodes
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        gone = self.several(data)
        self.change(self.graph.remove(gone))
        assert not self.graph.nodes.keys() & set(gone)

    @can_wire
    @rule(data=st.data())
    def connect(self, data: st.DataObject) -> None:
        edge = data.draw(edges_of(self.graph))
        others = [e for e in self.graph.edges if (e.target, e.target_port) != (edge.target, edge.target_port)]
        self.change(self.graph.connect(edge))
        assert set(self.graph.edges) == {*others, edge}

    @has_nodes
    @rule(data=st.data())
    def wire(self, data: st.DataObject) -> None:
        source, target = self.some(data), self.some(data)
        outputs, inputs = self.graph.nodes[source].layer.output_ports, self.graph.nodes[target].layer.input_ports
        if outputs and inputs:
            free = [port.name for port in inputs if not self.graph.ending_at(target, port.name)]
            self.change(self.graph.wire(source, target))
            edge = self.graph.ending_at(target, (free or [inputs[0].name])[0])
            assert edge is not None
            assert edge.source == source
        else:
            with pytest.raises(ValueError, match="has no"):
                self.graph.wire(source, target)

    @has_wires
    @rule(data=st.data())
    def disconnect(self, data: st.DataObject) -> None:
        gone = data.draw(st.lists(st.sampled_from(self.graph.edges), max_size=3))
        self.change(self.graph.disconnect(gone))
        assert not set(self.graph.edges) & set(gone)

    @has_nodes
    @rule(data=st.data(), x=st.floats(), y=st.floats() | st.integers())
    def move(self, data: st.DataObject, x: float, y: float) -> None:
        meaning = picture(self.graph)
        self.change(self.graph.move({self.some(data): (x, y)}))
        assert picture(self.graph) == meaning

    @has_nodes
    @rule(data=st.data(), title=titles)
    def rename(self, data: st.DataObject, title: str) -> None:
        meaning = picture(self.graph)
        self.change(self.graph.rename(self.some(data), title))
        assert picture(self.graph) == meaning

    @has_nodes
    @rule(data=st.data(), layer=anything)
    def set_layer(self, data: st.DataObject, layer: Any) -> None:
        node_id, before = self.some(data), self.graph
        self.change(self.graph.set_layer(node_id, layer))
        assert self.graph.nodes[node_id] == replace(before.nodes[node_id], layer=layer)
        assert {e for e in self.graph.edges if node_id not in (e.source, e.target)} == {
            e for e in before.edges if node_id not in (e.source, e.target)
        }
        assert len(self.graph.edges) <= len(before.edges)

    @has_wires
    @rule(data=st.data(), layer=anything)
    def insert(self, data: st.DataObject, layer: Any) -> None:
        edge = data.draw(st.sampled_from(self.graph.edges))
        graph, node = self.graph.insert_on(edge, layer, (0, 0))
        self.change(graph)
        assert edge not in graph.edges
        assert len(graph.into(node.id)) == min(1, len(layer.input_ports))
        assert len(graph.out_of(node.id)) == min(1, len(layer.output_ports))

    @has_nodes
    @rule(data=st.data())
    def duplicate(self, data: st.DataObject) -> None:
        chosen = sorted(set(self.several(data)), key=id_order)
        before = self.graph
        graph, copies = before.duplicate(chosen)
        self.change(graph)
        part = before.remove(before.nodes.keys() - set(chosen))
        assert picture(graph.remove(graph.nodes.keys() - set(copies))) == picture(
            part, dict(zip(chosen, copies, strict=True))
        )
        assert picture(graph.remove(copies)) == picture(before)

    @rule(part=graphs(largest=4))
    def paste(self, part: Graph) -> None:
        before = self.graph
        graph, copies = before.paste(part, (10.0, -10.0))
        self.change(graph)
        ids = dict(zip(sorted(part.nodes, key=id_order), copies, strict=True))
        assert picture(graph.remove(graph.nodes.keys() - set(copies))) == picture(part, ids)
        assert graph.remove(copies).nodes == before.nodes

    @invariant()
    def is_sound(self) -> None:
        assert_sound(self.graph)
        assert_ordered(self.graph)


TestDrawing = Drawing.TestCase
TestDrawing.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@given(graphs())
def test_the_order_does_not_depend_on_how_nodes_and_wires_are_kept(graph: Graph) -> None:
    shuffled = Graph(dict(reversed(graph.nodes.items())), graph.edges[::-1], graph.created)
    assert shuffled.order() == graph.order()
    assert module_names(shuffled) == module_names(graph)
    assert graph_to_json(shuffled) == graph_to_json(graph)


def test_a_cycle_is_told_in_the_order_of_its_wires() -> None:
    graph = chain("ReLU", "ReLU", "ReLU", "Linear").connect(Edge("n3", "output", "n1", "input"))
    assert graph.cycle() == ["n1", "n2", "n3"]
    assert graph.order() == ([], ["n1", "n2", "n3", "n4"])
    itself, node = Graph().add(layer("ReLU"))
    assert itself.wire(node, node).cycle() == ["n1"]


def test_what_has_no_meaning_is_refused_in_words() -> None:
    graph = chain("Input", "Linear", "Output")
    for edge, words in (
        (Edge("n9", "output", "n2", "input"), "there is no node 'n9'"),
        (Edge("n1", "output", "n9", "input"), "there is no node 'n9'"),
        (Edge("n1", "side", "n2", "input"), "input has no output called 'side'"),
        (Edge("n1", "output", "n2", "side"), "linear has no input called 'side'"),
        (Edge("n3", "output", "n2", "input"), "output has no output called 'output'"),
    ):
        with pytest.raises(ValueError, match=words):
            graph.connect(edge)
    with pytest.raises(ValueError, match="there is no node 'n9'"):
        graph.wire("n9", "n2")
    with pytest.raises(ValueError, match="input has no input called"):
        graph.wire("n2", "n1")
    with pytest.raises(SpecError, match="out_features needs a whole number of at least 1, but got 0"):
        graph.configure("n2", out_features=0)


# -- another layer in a node -------------------------------------------------------------------------------------------


def wires_after(old: Any, new: Any, wired: str) -> list[str]:
    """At which inputs wires end when one layer takes the place of another that was wired at some inputs."""
    graph, target = Graph().add(old)
    for port in wired:
        graph, source = graph.add(layer("Input"), title=port)
        graph = graph.wire(source, target, port if len(old.input_ports) > 1 else None)
    graph = graph.set_layer(target.id, new)
    return [
        f"{graph.nodes[e.source].title}→{e.target_port}"
        for e in sorted(graph.into(target.id), key=lambda e: e.target_port)
    ]


def test_wires_stay_where_there_is_a_port_for_them() -> None:
    add, three, linear = layer("Add"), layer("Concatenate", number_of_inputs=3), layer("Linear")
    assert wires_after(linear, layer("ReLU"), "i") == ["i→input"]
    assert wires_after(linear, add, "i") == ["i→a"]
    assert wires_after(add, three, "ab") == ["a→a", "b→b"]
    assert wires_after(three, add, "abc") == ["a→a", "b→b"]
    assert wires_after(three, add, "bc") == ["b→b"]
    assert wires_after(add, linear, "ab") == ["a→input"]
    assert wires_after(add, linear, "b") == ["b→input"]
    assert wires_after(add, layer("Bilinear"), "ab") == ["a→a", "b→b"]
    assert wires_after(add, layer("Input"), "ab") == []
    assert wires_after(add, missing(inputs=("left", "right")), "ab") == ["a→left", "b→right"]
    assert wires_after(add, missing(inputs=("left", "right")), "b") == ["b→right"]
    assert wires_after(missing(inputs=("x", "y", "z")), add, "xyz") == ["x→a", "y→b"]


def test_an_output_takes_the_place_of_a_layer_without_its_wires() -> None:
    graph = chain("Input", "Linear", "ReLU").set_layer("n2", layer("Output"))
    assert [(edge.source, edge.target) for edge in graph.edges] == [("n1", "n2")]


# -- titles, names, places ---------------------------------------------------------------------------------------------


def test_titles_are_clean_and_unlike_each_other() -> None:
    graph = Graph()
    for _ in range(2):
        for title in HOSTILE_TITLES:
            graph, _ = graph.add(layer("ReLU"), title=title)
    assert_sound(graph)
    graph, node = graph.add(layer("Linear"), title="\u202e\x00 my\n\tlayer\u2066  ")
    assert node.title == "my layer"
    graph = graph.rename(node.id, "\x00")
    assert graph.nodes[node.id].title == "my layer"
    graph = graph.rename(node.id, "class")
    assert graph.nodes[node.id].title == "class_3"
    assert graph.rename(node.id, "class_3") == graph


@pytest.mark.parametrize("names", ["MaxPool2d max_pool2d", "ReLU relu", "BatchNorm1d batch_norm1d", "GELU gelu"])
def test_a_node_is_called_after_its_layer(names: str) -> None:
    kind, title = names.split()
    assert default_title(layer(kind)) == title
    assert default_title(missing("\u202e\n")) == "layer"


@given(st.lists(titles, max_size=20))
def test_module_names_are_identifiers_of_their_own(wished: list[str]) -> None:
    graph = Graph()
    for title in wished + HOSTILE_TITLES:
        graph, _ = graph.add(layer("ReLU"), title=title)
    found = module_names(graph)
    assert list(found) == list(graph.nodes)
    assert len(set(found.values())) == len(found)
    for name in found.values():
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
        assert not keyword.issoftkeyword(name)
        assert not hasattr(nn.Module, name)
        assert name not in {"x", "self", "torch", "nn", "training"}
        assert not hasattr(builtins, name) or name not in {"print", "type", "compile"}


def test_module_names_are_taken_from_titles() -> None:
    graph = Graph()
    for title in ("Hidden 1", "class", 'quote"key', "数学", "1st", "forward", "hidden 1!", "__dunder__"):
        graph, _ = graph.add(layer("ReLU"), title=title)
    assert list(module_names(graph).values()) == [
        "hidden_1", "class_2", "quote_key", "layer", "layer_1st", "forward_2", "hidden_1_2", "dunder",
    ]  # fmt: skip


@pytest.mark.parametrize("place", [float("nan"), float("inf"), -float("inf"), 1e300, -1e7])
def test_places_stay_on_the_canvas(place: float) -> None:
    graph, node = Graph().add(layer("ReLU"), (place, 0))
    assert_sound(graph)
    assert_sound(graph.move({node.id: (0, place)}))
    assert_sound(graph.paste(graph, (place, place))[0])
    assert at((10**400, -(10**400))) == (1e6, -1e6)


# -- speed -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick() -> Iterator[None]:
    """A second and a half for what takes a few hundredths: enough to see that nothing grows with the square."""
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < 1.5


@pytest.mark.usefixtures("quick")
def test_a_thousand_layers_are_drawn_at_once() -> None:
    graph = chain(*["ReLU"] * 1000)
    graph, copies = graph.duplicate(graph.nodes)
    assert len(copies) == len(graph.nodes) / 2 == 1000
    assert len(graph.edges) == 1998
    assert len(graph.order()[0]) == 2000
    assert len(set(module_names(graph).values())) == 2000
    assert graph.connect(Edge("n1000", "output", "n1", "input")).cycle()[::999] == ["n1", "n1000"]
