"""Blocks, shared and tied weights, and what else a node can be, against modules written by hand."""

from __future__ import annotations

import copy
import random

import pytest
import torch
from torch import nn

from engine.projects import layer
from engine.random_drawings import random_drawing, rows
from nnstudio.core.blocks import Block, depth, every_node, graph_at, group, ungroup, with_graph_at
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph, Node
from nnstudio.core.kinds import Initializer
from nnstudio.core.project_json import graph_from_json, graph_to_json
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import GraphError, check_graph, compile_network
from nnstudio.engine.network import Network


def grouped(graph: Graph, node_ids: list[str], name: str = "Block") -> tuple[Graph, Node]:
    return group(graph, node_ids, layer("BlockInput"), layer("BlockOutput"), name)


def chain(*layers: object, shape: tuple[int, ...] = (6,)) -> Graph:
    graph, last = Graph().add(layer("Input", shape=shape))
    for item in (*layers, layer("Output")):
        graph, node = graph.add(item)
        graph = graph.wire(last, node)
        last = node
    return graph


def linear(size: int = 6) -> object:
    return layer("Linear", out_features=size)


def copy_weights(source: Network, target: Network, rename: dict[str, str]) -> None:
    """Give the nodes of one network the weights of another's, `rename` saying which."""
    theirs, mine = source.states_by_node(), target.states_by_node()
    assert set(mine) == {rename.get(path, path) for path in theirs}
    with torch.no_grad():
        for path, state in theirs.items():
            for key, value in state.items():
                mine[rename.get(path, path)][key].copy_(value)


def alike(one: nn.Module, other: nn.Module, x: torch.Tensor) -> None:
    """The outputs bit for bit. A group is computed in one go, so gradients may be added up in another order."""
    drops = any(isinstance(module, nn.modules.dropout._DropoutNd) for module in one.modules())
    for mode in (False,) if drops else (True, False):
        results = []
        for network in (one, other):
            given = x.clone().requires_grad_() if x.is_floating_point() else x
            output = network.train(mode)(given)
            if output.requires_grad:
                output.square().sum().backward()
            results.append((output.detach(), given.grad))
        assert torch.equal(results[0][0], results[1][0])
        assert (results[0][1] is None) == (results[1][1] is None)
        if results[0][1] is not None:
            torch.testing.assert_close(results[0][1], results[1][1])


def between(graph: Graph, chosen: set[str]) -> set[str]:
    """The chosen nodes and all on ways from one to another, without the ends of the network."""

    def reach(start: set[str], backwards: bool) -> set[str]:
        found, waiting = set(start), list(start)
        while waiting:
            node_id = waiting.pop()
            for edge in graph.into(node_id) if backwards else graph.out_of(node_id):
                other = edge.source if backwards else edge.target
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found

    inside = reach(chosen, False) & reach(chosen, True)
    return {node_id for node_id in inside if graph.nodes[node_id].layer.role == "layer"}


@pytest.mark.parametrize("seed", range(60))
def test_grouping_changes_nothing_that_is_computed(seed: int) -> None:
    """Also twice, one block in the other; and dissolving brings the first drawing back."""
    graph, kind = random_drawing(seed)
    order = check_graph(graph, kind).order
    rng = random.Random(seed)
    choices = [node_id for node_id in order if graph.nodes[node_id].layer.role == "layer"]
    if not choices:
        return
    chosen = between(graph, set(rng.sample(choices, rng.randint(1, len(choices)))))
    outer, block = grouped(graph, sorted(chosen))
    assert check_graph(outer, kind).ready
    before, after = compile_network(graph, kind), compile_network(outer, kind)
    copy_weights(before, after, {node_id: f"{block.id}/{node_id}" for node_id in chosen})
    alike(before, after, rows(kind, 4, seed))
    report, inner = check_graph(graph, kind), check_graph(outer, kind)
    assert inner.parameters == report.parameters
    for node_id in chosen:
        assert inner.nodes[f"{block.id}/{node_id}"] == report.nodes[node_id]

    twice, around = grouped(outer, [block.id, *[i for i in between(outer, {block.id}) if i != block.id]])
    assert depth(twice) == 2
    deeper = compile_network(twice, kind)
    copy_weights(before, deeper, {node_id: f"{around.id}/{block.id}/{node_id}" for node_id in chosen})
    alike(before, deeper, rows(kind, 4, seed))

    apart, ids = ungroup(outer, block.id)
    assert len(apart.nodes) == len(graph.nodes) and len(ids) == len(chosen)
    again = compile_network(apart, kind)
    new = dict(zip(sorted(chosen, key=lambda i: (len(i), i)), ids, strict=True))
    copy_weights(before, again, new)
    alike(before, again, rows(kind, 4, seed))

    restored = graph_from_json(graph_to_json(twice))
    assert restored == twice and hash(restored) == hash(twice)


def test_a_way_out_and_back_in_cannot_be_grouped() -> None:
    graph = chain(linear(), layer("ReLU"), linear())
    with pytest.raises(ValueError, match="leads out of these layers and back"):
        grouped(graph, ["n2", "n4"])
    with pytest.raises(ValueError, match="no layer among"):
        grouped(graph, ["n1", "n5"])


def residual(repeat: int, shared: bool) -> Graph:
    """x + tanh(W x), several times."""
    graph = chain(linear(), layer("Tanh"), layer("Add"))
    graph = graph.wire("n1", "n4", "b")
    graph, block = grouped(graph, ["n2", "n3", "n4"], "Residual")
    return graph.configure(block.id, repeat=repeat, shared=shared)


@pytest.mark.parametrize("shared", [False, True])
def test_a_repeated_block_is_a_loop(shared: bool) -> None:
    graph = residual(3, shared)
    report = check_graph(graph)
    assert report.parameters == 42 * (1 if shared else 3)
    torch.manual_seed(0)
    network = compile_network(graph)
    torch.manual_seed(0)
    parts = [nn.Linear(6, 6) for _ in range(1 if shared else 3)] * (3 if shared else 1)
    x = torch.randn(5, 6)
    value = x
    for part in parts:
        value = torch.tanh(part(value)) + value
    assert torch.equal(network(x), value)
    names = {name for name, _ in network.named_parameters()}
    assert ("residual.linear.weight" in names) == shared
    assert ("residual.2.linear.weight" in names) != shared
    assert len(network.states_by_node()) == (2 if shared else 6)


def test_a_repeated_block_gives_what_it_takes() -> None:
    graph = chain(linear(5))
    graph, block = grouped(graph, ["n2"])
    graph = graph.configure(block.id, repeat=2)
    (problem,) = check_graph(graph).errors
    assert problem.node == block.id and "[B, 6] that become [B, 5]" in problem.message


def test_a_problem_in_a_block_is_said_with_its_path() -> None:
    graph = chain(layer("ReLU"), layer("Conv2d"))
    graph, block = grouped(graph, ["n3"], "Encoder")
    problems = check_graph(graph).errors
    assert [problem.node for problem in problems] == [f"{block.id}/n3"]
    assert problems[0].message.startswith("encoder / conv2d needs 4 axes")
    assert check_graph(graph).within(block.id) == problems
    empty, other = graph.add(Block(name="Empty"))
    assert any(p.node == other.id for p in check_graph(empty.wire("n2", block.id)).problems)


def test_shared_layers_are_one() -> None:
    """A Siamese network: one tower, used twice, learns from both sides."""
    graph, a = Graph().add(layer("Input", shape=(6,)), title="a")
    graph, b = graph.add(layer("Input", shape=(6,)), title="b")
    graph, first = graph.add(linear(4), title="tower")
    graph, second = graph.add(linear(3), title="tower again")
    graph = graph.share(second.id, first.id)
    graph, join = graph.add(layer("Add"))
    graph, output = graph.add(layer("Output"))
    graph = graph.wire(a, first).wire(b, second).wire(first, join, "a").wire(second, join, "b").wire(join, output)
    report = check_graph(graph)
    assert report.errors == [] and report.parameters == 28
    network = compile_network(graph)
    assert list(network.state_dict()) == ["tower.weight", "tower.bias"]
    x, y = torch.randn(5, 6), torch.randn(5, 6)
    tower = network.module_of(first.id)
    assert network.module_of(second.id) is tower
    assert torch.equal(network(x, y), tower(x) + tower(y))
    changed = graph.configure(second.id, out_features=7)
    assert changed.nodes[first.id].layer.out_features == 7
    gone = graph.remove([first.id])
    assert gone.nodes[second.id].shares == ""
    assert graph_from_json(graph_to_json(graph)) == graph


def test_what_shares_weights_needs_like_inputs() -> None:
    graph = chain(linear(4), linear(4))
    graph = graph.share("n3", "n2")
    (problem,) = check_graph(graph).errors
    assert problem.node == "n3" and "[B, 4] instead of [B, 6]" in problem.message


def test_tied_parameters_are_one() -> None:
    graph = chain(linear(6), layer("Tanh"), linear(6))
    graph = graph.tie("n4", "weight", "n2", "weight")
    network = compile_network(graph)
    assert network.get_parameter("linear_2.weight") is network.get_parameter("linear.weight")
    assert check_graph(graph).parameters == sum(p.numel() for p in network.parameters()) == 48
    wrong = chain(linear(5), layer("Tanh"), linear(6)).tie("n4", "weight", "n2", "weight")
    assert [problem.node for problem in check_graph(wrong).errors] == ["n4"]
    assert check_graph(graph.remove(["n2"])).nodes  # the tie goes with the node
    assert graph.remove(["n2"]).nodes["n4"].ties == ()


def test_frozen_layers_stay_as_they_are() -> None:
    graph = chain(layer("BatchNorm1d"), linear(4), layer("BatchNorm1d"), linear(2)).freeze(["n2", "n3"])
    assert check_graph(graph).trainable == 8 + 10
    network = compile_network(graph).train()
    before = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        network(torch.randn(8, 6)).square().sum().backward()
        optimizer.step()
    for name, value in network.state_dict().items():
        stays = name.startswith(("batch_norm1d.", "linear."))
        assert torch.equal(value, before[name]) == stays, name
    assert all((p.grad is None) == n.startswith(("batch_norm1d.", "linear.")) for n, p in network.named_parameters())


def test_a_bypassed_layer_is_a_wire() -> None:
    graph = chain(linear(6), layer("ReLU"), linear(6), layer("Tanh"))
    passed = graph.bypass(["n3", "n4"])
    network = compile_network(passed)
    assert set(network.names.values()) == {"linear", "tanh"}
    x = torch.randn(3, 6)
    assert torch.equal(network(x), torch.tanh(network.module_of("n2")(x)))
    assert check_graph(passed).parameters == 42


@pytest.mark.skipif(not registered(Initializer), reason="no initialisers")
def test_first_values_are_drawn_as_wished() -> None:
    graph = chain(linear(6), linear(6))
    graph = graph.initialise("n2", "weight", registered(Initializer)["KaimingNormal"]())
    torch.manual_seed(5)
    network = compile_network(graph)
    torch.manual_seed(5)
    first = nn.Linear(6, 6)
    nn.init.kaiming_normal_(first.weight)
    second = nn.Linear(6, 6)
    assert torch.equal(network.get_parameter("linear.weight"), first.weight)
    assert torch.equal(network.get_parameter("linear_2.weight"), second.weight)
    wrong = graph.initialise("n2", "gamma", registered(Initializer)["KaimingNormal"]())
    assert [problem.node for problem in check_graph(wrong).errors] == ["n2"]


def test_inputs_and_outputs_have_their_places() -> None:
    graph = chain(linear())
    graph, node = graph.add(layer("BlockInput"))
    assert [p.node for p in check_graph(graph).problems if "outside" in p.message] == [node.id]
    inner, _ = Graph().add(layer("Input"))
    graph = with_graph_at(*_with_block(graph, inner))
    assert any("to be outside of all blocks" in problem.message for problem in check_graph(graph).problems)


def _with_block(graph: Graph, inner: Graph) -> tuple[Graph, list[str], Graph]:
    graph, block = graph.add(Block())
    return graph, [block.id], inner


def test_a_path_leads_into_blocks() -> None:
    graph = residual(2, False)
    (block,) = [node for node in graph.nodes.values() if isinstance(node.layer, Block)]
    inner = graph_at(graph, [block.id])
    assert inner is block.layer.graph
    changed = with_graph_at(graph, [block.id], inner.configure("n2", bias=False))
    assert check_graph(changed).parameters == 72
    assert graph_at(graph, ["n1"]) is None and graph_at(graph, []) is graph
    assert {path for path, _ in every_node(graph)} >= {"n1", f"{block.id}/n2"}


def test_an_error_of_a_drawing_with_blocks_names_all() -> None:
    graph = chain(layer("Conv2d"))
    with pytest.raises(GraphError, match="needs 4 axes"):
        compile_network(graph)


@pytest.mark.parametrize("shape", [(6,), (3, 8)])
def test_the_class_of_a_network_works_with_what_torch_offers(shape: tuple[int, ...]) -> None:
    network = compile_network(residual(2, False)) if shape == (6,) else compile_network(chain(linear(4), shape=shape))
    x = torch.randn(4, *shape)
    twin = copy.deepcopy(network)
    assert torch.equal(twin(x), network(x))
    with torch.no_grad():
        next(iter(twin.parameters())).add_(1)
    assert not torch.equal(twin(x), network(x))
    exported = torch.export.export(network, (x,), dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},))
    for count in (1, 2, 9):
        given = torch.randn(count, *shape)
        assert torch.equal(exported.module()(given), network(given))
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), network(x))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert network(x).dtype in (torch.bfloat16, torch.float32)


def test_types_of_several_outputs() -> None:
    kind = TensorType((4, 2), rows=1, axis=1)
    assert kind.text == "[4, B, 2]" and kind.sizes(3) == (4, 3, 2) and kind.axes == 3
    assert TensorType((4,), "bool", rows=0).text == "[4] bool"
    assert TensorType((4,), rows=2).text == "[2B, 4]"


def test_ties_in_a_row_have_one_end_and_ties_in_a_circle_are_refused() -> None:
    graph = chain(linear(), linear(), linear())
    first, second, third = (node_id for node_id, node in graph.nodes.items() if type(node.layer).__name__ == "Linear")
    row = graph.tie(first, "weight", second, "weight").tie(second, "weight", third, "weight")
    network = compile_network(row)
    weights = {id(network.module_of(node_id).weight) for node_id in (first, second, third)}  # type: ignore[union-attr]
    assert len(weights) == 1
    assert check_graph(row).parameters == 36 + 3 * 6 == sum(p.numel() for p in network.parameters())
    circle = check_graph(row.tie(third, "weight", first, "weight"))
    assert {problem.node for problem in circle.errors} == {first, second, third}
    assert "not tied back" in circle.errors[0].message


def test_a_tie_to_what_is_left_out_is_refused() -> None:
    graph = chain(linear(), linear())
    graph, loose = graph.add(linear())
    graph = graph.wire("n1", loose)
    report = check_graph(graph.tie("n2", "weight", loose.id, "weight"))
    assert [problem.node for problem in report.errors] == ["n2"]
    assert "which is left out" in report.errors[0].message
    shared = graph.share("n3", "n2").tie("n3", "bias", "n2", "bias")
    assert "whose weights it shares" in check_graph(shared).errors[0].message
