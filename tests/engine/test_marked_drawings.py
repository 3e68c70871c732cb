"""What holds for every drawing with blocks and marks; the seed in the name of a test makes its drawing again."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest
import torch

from engine.marked_drawings import Level, random_marked
from engine.random_drawings import rows
from engine.test_export_module import loaded
from nnstudio.core import storage
from nnstudio.core.blocks import Block, depth, every_node
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.project import Project
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.engine.export.module import graph_source
from nnstudio.engine.network import Network

SEEDS = [*range(80), 4_009_378, 5_007_002]  # the last two once failed


def compiled(graph: Graph, kind: TensorType, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return compile_network(graph, kind)


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.detach().numpy().tobytes()


def run(module: torch.nn.Module, x: torch.Tensor, training: bool) -> list[bytes]:
    """The output, and the gradients of all parameters in the order in which they were drawn."""
    module.train(training).zero_grad()
    torch.manual_seed(11)
    output = module(x)
    if output.requires_grad:
        (output * torch.arange(output.numel()).reshape(output.shape).cos()).sum().backward()
    gradients = [bits(p.grad) if p.grad is not None else b"" for p in module.parameters()]
    return [bits(output), *gradients, *(bits(buffer) for buffer in module.buffers())]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_network_is_what_a_second_reader_makes_of_it(seed: int) -> None:
    graph, kind = random_marked(seed)
    network = compiled(graph, kind, seed)
    torch.manual_seed(seed)
    reader = Level(graph, [rows(kind, 2, seed)])
    for mine, theirs in zip(network.parameters(), reader.parameters(), strict=True):
        assert bits(mine) == bits(theirs)
        assert mine.requires_grad == theirs.requires_grad
    x = rows(kind, 5, seed)
    for training in (True, False):
        assert run(network, x, training) == run(reader, x, training)
    assert check_graph(graph, kind).parameters == sum(parameter.numel() for parameter in reader.parameters())
    learning = sum(parameter.numel() for parameter in reader.parameters() if parameter.requires_grad)
    assert check_graph(graph, kind).trainable == learning


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exported_classes_are_the_network(seed: int, tmp_path: Path) -> None:
    graph, kind = random_marked(seed)
    network = compiled(graph, kind, seed)
    source = graph_source(graph, kind)
    torch.manual_seed(seed)
    model = loaded(source, tmp_path).Network()
    assert list(model.state_dict()) == list(network.state_dict()), source
    x = rows(kind, 5, seed)
    for training in (True, False):
        assert run(network, x, training) == run(model, x, training), source


@pytest.mark.parametrize("seed", SEEDS)
def test_shapes_are_what_they_are_said_to_be(seed: int) -> None:
    graph, kind = random_marked(seed)
    report = check_graph(graph, kind)
    network = compiled(graph, kind).eval()
    for count in (1, 2, 7):
        for path, value in network.activations(rows(kind, count, seed)).items():
            plain = "/".join(part.partition("#")[0] for part in path.split("/"))
            shown = report.nodes[plain].output
            assert shown is not None and shown.sizes(count) == tuple(value.shape), path


@pytest.mark.parametrize("seed", SEEDS)
def test_what_does_not_count_changes_nothing(seed: int, tmp_path: Path) -> None:
    graph, kind = random_marked(seed)
    expected, x = compiled(graph, kind), rows(kind, 4, seed)
    storage.write(tmp_path / "drawing.nnstudio", Project(graph))
    rng = random.Random(seed)
    for other in (storage.read(tmp_path / "drawing.nnstudio").project.graph, shuffled(graph, rng), renamed(graph)):
        again, fresh = compiled(other, kind), copy.deepcopy(expected)
        assert [bits(p) for p in again.parameters()] == [bits(p) for p in expected.parameters()]
        for training in (True, False):
            assert run(again, x, training) == run(fresh, x, training)


def shuffled(graph: Graph, rng: random.Random) -> Graph:
    """The same, with nodes, wires and places in another order, in blocks too."""
    nodes, edges = list(graph.nodes.items()), list(graph.edges)
    rng.shuffle(nodes)
    rng.shuffle(edges)
    made = Graph(dict(nodes), tuple(edges), graph.created)
    for node_id, node in nodes:
        if isinstance(node.layer, Block):
            made = made.set_layer(node_id, node.layer.with_(graph=shuffled(node.layer.graph, rng)))
    return made.move({node_id: (rng.uniform(-99, 99), rng.uniform(-99, 99)) for node_id in graph.nodes})


def renamed(graph: Graph) -> Graph:
    for number, (node_id, node) in enumerate(list(graph.nodes.items())):
        graph = graph.rename(node_id, f"other {number}")
        if isinstance(node.layer, Block):
            graph = graph.set_layer(node_id, node.layer.with_(graph=renamed(node.layer.graph), name=f"N{number}"))
    return graph


def test_the_drawings_have_everything() -> None:
    """That the samples are not all alike: each mark, and blocks three deep, is in some of them."""
    drawn = [random_marked(seed)[0] for seed in SEEDS]
    nodes = [node for graph in drawn for _, node in every_node(graph)]
    assert max(map(depth, drawn)) >= 3
    assert any(node.ties for node in nodes)
    assert any(isinstance(n.layer, Block) and n.layer.repeat > 1 and n.layer.shared for n in nodes)
    assert any(isinstance(n.layer, Block) and n.layer.repeat > 1 and not n.layer.shared for n in nodes)
    for mark in ("frozen", "bypassed", "shares", "initial"):
        assert sum(bool(getattr(node, mark)) for node in nodes) >= 3, mark
