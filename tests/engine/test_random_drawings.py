"""What holds for every drawing, tried on random ones; the seed in the name of a test makes its drawing again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from engine.projects import layer
from engine.random_drawings import Reference, random_drawing, rows
from nnstudio.core import storage
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Edge, Graph, module_names
from nnstudio.core.project import Project
from nnstudio.engine.compiler import Network, check_graph, compile_network

SEEDS = range(40)


def compiled(graph: Graph, input_type: TensorType, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return compile_network(graph, input_type)


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and one.detach().numpy().tobytes() == other.detach().numpy().tobytes()


def state(network: Network) -> list[bytes]:
    """All weights, in the order of the computation."""
    return [tensor.numpy().tobytes() for tensor in network.state_dict().values()]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_network_is_what_one_would_write_by_hand(seed: int) -> None:
    """Initial weights, outputs, gradients and running statistics, bit for bit, in training and in evaluation."""
    graph, input_type = random_drawing(seed)
    network = compiled(graph, input_type, seed)
    torch.manual_seed(seed)
    reference = Reference(graph, rows(input_type, 2, seed))
    x = rows(input_type, 5, seed)
    for training in (True, False):
        results = []
        for module in (network, reference):
            module.train(training)
            module.zero_grad()
            torch.manual_seed(seed + 1)
            output = module(x)
            if output.requires_grad:
                (output * torch.arange(output.numel()).reshape(output.shape).cos()).sum().backward()
            results.append(output)
        assert same_bits(*results)
        for node_id, part in reference.parts.items():
            own = network.module_of(node_id)
            assert own is not None
            for (name, mine), (other, hers) in zip(own.named_parameters(), part.named_parameters(), strict=True):
                assert name == other
                assert same_bits(mine, hers)
                assert mine.grad is not None
                assert hers.grad is not None
                assert same_bits(mine.grad, hers.grad)
            for mine, hers in zip(own.buffers(), part.buffers(), strict=True):
                assert same_bits(mine, hers)
    assert set(network.names) == set(reference.parts)


@pytest.mark.parametrize("seed", SEEDS)
def test_shapes_and_counts_are_what_they_are_said_to_be(seed: int) -> None:
    graph, input_type = random_drawing(seed)
    report = check_graph(graph, input_type)
    assert report.errors == []
    network = compiled(graph, input_type).eval()
    for count in (1, 2, 7):
        values = network.activations(rows(input_type, count, seed))
        assert tuple(values) == report.order
        for node_id, value in values.items():
            shown = report.nodes[node_id].output
            assert shown is not None
            assert tuple(value.shape) == (count, *shown.shape)
            assert str(value.dtype) == f"torch.{shown.dtype}"
    for node_id in graph.nodes:
        module = network.module_of(node_id)
        counted = sum(p.numel() for p in module.parameters()) if module else 0
        assert report.nodes[node_id].parameters == counted or node_id not in report.order
    assert report.parameters == sum(parameter.numel() for parameter in network.parameters())
    left_out = {problem.node for problem in report.problems if "is left out" in problem.message}
    assert left_out == graph.nodes.keys() - set(report.order)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_row_is_taken_by_itself(seed: int) -> None:
    """To permute or to divide the rows permutes or divides the outputs, up to the rounding of sums in another order."""
    graph, input_type = random_drawing(seed)
    network = compiled(graph, input_type).eval()
    x = rows(input_type, 6, seed)
    with torch.no_grad():
        whole = network(x)
        order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
        torch.testing.assert_close(network(x[order]), whole[order], rtol=1e-4, atol=1e-5, equal_nan=True)
        parts = torch.cat([network(part) for part in x.split([1, 3, 2])])
        torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_does_not_count_changes_nothing(seed: int, tmp_path: Path) -> None:
    graph, input_type = random_drawing(seed)
    network = compiled(graph, input_type)
    weights, x, rng = state(network), rows(input_type, 4, seed), random.Random(seed)
    torch.manual_seed(0)
    output = network(x)

    nodes, edges = list(graph.nodes.items()), list(graph.edges)
    rng.shuffle(nodes)
    rng.shuffle(edges)
    shuffled = Graph(dict(nodes), tuple(edges), graph.created)
    moved = graph.move({node_id: (rng.uniform(-99, 99), rng.uniform(-99, 99)) for node_id in graph.nodes})
    storage.write(tmp_path / "drawing.nnstudio", Project(graph))
    loaded = storage.read(tmp_path / "drawing.nnstudio").project.graph
    copied = Graph().paste(graph)[0]
    renamed = graph
    for number, node_id in enumerate(graph.nodes):
        renamed = renamed.rename(node_id, f"other {number}")
    for other in (shuffled, moved, loaded, copied, renamed):
        again = compiled(other, input_type)
        assert state(again) == weights
        torch.manual_seed(0)
        assert same_bits(again(x), output)
        assert list(again.names.values()) == [module_names(other)[node_id] for node_id in again.names]
        assert [name for name, _ in again.named_children()] == list(again.names.values())
    assert compiled(moved, input_type).names == network.names
    assert all(name.startswith("other_") for name in compiled(renamed, input_type).names.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mistake_is_said_where_it_was_made(seed: int) -> None:
    graph, input_type = random_drawing(seed, joined=True)
    assert check_graph(graph, input_type).errors == []
    rng = random.Random(seed)

    edge = rng.choice(graph.edges)
    cut = check_graph(graph.disconnect([edge]), input_type)
    assert [(problem.node, problem.port) for problem in cut.errors] == [(edge.target, edge.target_port)]

    edge = rng.choice(graph.edges)
    for wrong in (layer("Conv2d", kernel_size=99), layer("Reshape", shape=(9973,)), layer("Softmax", dim=7)):
        broken, node = graph.insert_on(edge, wrong, (0, 0))
        report = check_graph(broken, input_type)
        assert {problem.node for problem in report.errors} == {node.id}
        assert report.at(node.id)[0].message.startswith(f"{node.title} needs ")

    edge = rng.choice([edge for edge in graph.edges if graph.nodes[edge.source].layer.input_ports])
    path = back_from(graph, edge.source)
    first = path[-1]
    circle = graph.connect(Edge(edge.source, "output", first, graph.into(first)[0].target_port))
    report = check_graph(circle, input_type)
    marked = {problem.node for problem in report.errors if "in a circle" in problem.message}
    assert marked >= {first} & set(circle.cycle())
    assert marked == set(circle.cycle()) != set()

    other = TensorType(input_type.shape, "float32" if input_type.dtype == "int64" else "int64")
    report = check_graph(graph, other)
    (given,) = (node_id for node_id, node in graph.nodes.items() if not node.layer.input_ports)
    takers = {edge.target for edge in graph.out_of(given) if len(graph.nodes[edge.target].layer.input_ports) == 1}
    indifferent = {node_id for node_id in takers if type(graph.nodes[node_id].layer).__name__ in ("Flatten", "Reshape")}
    assert {problem.node for problem in report.errors} >= takers - indifferent


def back_from(graph: Graph, node_id: str) -> list[str]:
    """A way from a node against the wires, without the Input."""
    way = [node_id]
    while sources := [e.source for e in graph.into(way[-1]) if graph.nodes[e.source].layer.input_ports]:
        way.append(sources[0])
    return way


@pytest.mark.parametrize("seed", range(10))
def test_an_edit_of_the_drawing_does_not_reach_a_network(seed: int) -> None:
    graph, input_type = random_drawing(seed)
    network = compiled(graph, input_type).eval()
    x = rows(input_type, 3, seed)
    before = network(x)
    for node_id in list(graph.nodes):
        graph = graph.remove([node_id])
    assert same_bits(network(x), before)
    assert network.drawing == random_drawing(seed)[0]
