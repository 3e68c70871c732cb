"""The exported classes against the network that they are written from, and what they look like."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

import nnstudio.library  # noqa: F401  (registers the layers)
from engine.projects import chain, layer
from nnstudio.core.block_files import read_blocks
from nnstudio.core.blocks import group
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Initializer
from nnstudio.core.spec import registered
from nnstudio.engine.checkpoint import restore_weights
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.export.module import graph_source
from nnstudio.engine.importing import Imported, import_module
from nnstudio.paths import resources
from reference import REFERENCES, Reference, examples, module, outputs

BLOCKS = read_blocks(Path(str(resources())) / "blocks")[0]


def loaded(source: str, folder: Path, name: str = "exported") -> ModuleType:
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None and found.loader is not None
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return made


def rows_for(graph: Graph, batch: int) -> tuple[torch.Tensor, ...]:
    """Random rows for the Inputs of a drawing whose Inputs say their shapes."""
    generator = torch.Generator().manual_seed(batch)
    found = []
    for node in sorted(graph.nodes.values(), key=lambda node: int(node.id[1:])):
        if node.layer.role == "input":
            kind = node.layer.type_from(None)  # type: ignore[attr-defined]
            shape = kind.sizes(batch)
            whole = kind.dtype == "int64"
            made = torch.randint(0, 7, shape, generator=generator) if whole else torch.randn(shape, generator=generator)
            found.append(made)
    return tuple(found)


def compare(graph: Graph, folder: Path, rows: Iterable[tuple[torch.Tensor, ...]], name: str = "exported") -> str:
    """The class draws the same first weights and gives the same outputs and gradients, bit for bit."""
    source = graph_source(graph)
    torch.manual_seed(7)
    network = compile_network(graph)
    torch.manual_seed(7)
    model = loaded(source, folder, name).Network()
    ours, theirs = model.state_dict(), network.state_dict()
    assert list(ours) == list(theirs), source
    assert all(torch.equal(ours[key], theirs[key]) for key in ours), source
    learning = [{name: p.requires_grad for name, p in made.named_parameters()} for made in (model, network)]
    assert learning[0] == learning[1]
    for mode in (False, True):
        for given in rows:
            results = [_run(made.train(mode), given) for made in (model, network)]
            assert len(results[0]) == len(results[1])
            for mine, other in zip(*results, strict=True):
                assert torch.equal(mine, other), source
    return source


def _run(made: nn.Module, given: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    for parameter in made.parameters():
        parameter.grad = None
    torch.manual_seed(3)
    results = outputs(made(*given))
    loss = sum((result.float() * torch.linspace(0.5, 1.5, result.numel()).view_as(result)).sum() for result in results)
    if isinstance(loss, torch.Tensor) and loss.requires_grad:
        loss.backward()
    return [*results, *(parameter.grad for parameter in made.parameters() if parameter.grad is not None)]


def imported(reference: Reference) -> Imported:
    return import_module(module(reference, seed=1), examples(reference, 2, seed=2), reference.title)


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)
def test_a_reference_is_written_and_comes_back(reference: Reference, tmp_path: Path) -> None:
    """Drawing to source and back to a drawing: the same weights and the same outputs all the way."""
    first = imported(reference)
    graph = first.project.graph
    rows = [examples(reference, 3, seed=5)]
    source = compare(graph, tmp_path, rows)
    network = compile_network(graph)
    restore_weights(network, first.checkpoint)
    model = loaded(source, tmp_path, "again").Network()
    model.load_state_dict(network.state_dict(), strict=True)
    second = import_module(model, examples(reference, 2, seed=2), reference.title)
    again = compile_network(second.project.graph)
    restore_weights(again, second.checkpoint)
    original = module(reference, seed=1).eval()
    with torch.no_grad():
        expected = outputs(original(*rows[0]))
        for made in (model.eval(), again.eval()):
            for one, other in zip(outputs(made(*rows[0])), expected, strict=True):
                assert torch.equal(one, other)


@pytest.fixture(scope="module")
def every_source() -> dict[str, str]:
    return {reference.name: graph_source(imported(reference).project.graph) for reference in REFERENCES[::3]}


def test_the_sources_pass_the_linter(every_source: dict[str, str], tmp_path: Path) -> None:
    for name, source in every_source.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    rules = ["--isolated", "--line-length", "100", "--select", "E,F,W,I,UP,B,SIM,C4,RUF,N"]
    command = [sys.executable, "-m", "ruff", "check", *rules, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("path", "block"), BLOCKS, ids=lambda value: getattr(value, "stem", ""))
def test_a_block_of_the_library_is_written(path: Path, block: object, tmp_path: Path) -> None:
    shapes = {
        "residual-bottleneck": [(256, 8, 8)], "depthwise-separable": [(32, 8, 8)], "inverted-residual": [(24, 8, 8)],
        "inception": [(192, 8, 8)], "unet-down": [(3, 8, 8)], "unet-up": [(128, 4, 4), (64, 8, 8)],
        "transformer-encoder": [(6, 64)], "transformer-decoder": [(6, 64), (9, 64)], "gpt": [(6, 64)],
        "vit-patch-embedding": [(3, 32, 32)],
    }.get(path.stem, [(64, 8, 8)])  # fmt: skip
    graph, node = Graph().add(block)  # type: ignore[arg-type]
    for shape, port in zip(shapes, node.layer.input_ports, strict=True):
        graph, entry = graph.add(layer("Input", shape=shape))
        graph = graph.wire(entry, node, port.name)
    for port in node.layer.output_ports:
        graph, end = graph.add(layer("Output"))
        graph = graph.connect(Edge(node.id, port.name, end.id, "input"))
    compare(graph, tmp_path, [rows_for(graph, 2)])


def marked() -> Graph:
    """Every mark that a node can have, in and around a block."""
    graph, table = Graph().add(layer("Input", shape=(6,)), title="table")
    graph, tokens = graph.add(layer("Input", shape=(4,), dtype="int64"), title="tokens")
    graph, first = graph.add(layer("Linear", out_features=6), title="first")
    graph, norm = graph.add(layer("BatchNorm1d"), title="norm")
    graph, second = graph.add(layer("Linear", out_features=6), title="second")
    graph, drop = graph.add(layer("Dropout"), title="drop")
    graph, words = graph.add(layer("Embedding", num_embeddings=7, embedding_dim=6), title="words")
    graph, mean = graph.add(layer("Mean", axes=(1,)), title="mean")
    graph, add = graph.add(layer("Add"), title="add")
    graph, scale = graph.add(layer("Parameter", shape=(6,), fill="ones"), title="scale")
    graph, times = graph.add(layer("Multiply"), title="times")
    graph, head = graph.add(layer("Linear", out_features=7, bias=False), title="head")
    graph, one = graph.add(layer("Output"), title="one")
    graph, two = graph.add(layer("Output"), title="two")
    for source, target in (
        (table, first),
        (first, norm),
        (norm, second),
        (second, drop),
        (tokens, words),
        (words, mean),
    ):
        graph = graph.wire(source, target)
    graph = graph.wire(drop, add, "a").wire(mean, add, "b").wire(add, times, "a").wire(scale, times, "b")
    graph = graph.wire(times, head).wire(head, one).wire(times, two)
    graph = graph.share(second.id, first.id).tie(head.id, "weight", words.id, "weight").bypass([drop.id])
    initializers = registered(Initializer)
    graph = graph.initialise(first.id, "weight", initializers["Orthogonal"](gain=0.5))
    graph = graph.initialise(scale.id, "value", initializers["Uniform"]())
    return graph.freeze([norm.id])


def test_every_mark_is_written(tmp_path: Path) -> None:
    source = compare(marked(), tmp_path, [rows_for(marked(), 5)])
    for words in (
        "def forward(self, table, tokens):",
        "nn.init.orthogonal_(self.first.weight, gain=0.5)",
        "nn.init.uniform_(self.scale",
        "self.norm.requires_grad_(False)",
        "self.head.weight = self.words.weight",
        "# left out: drop (Dropout)",
        "Frozen layers keep their running statistics.",
    ):
        assert words in source, source
    assert source.count("self.first(") == 2


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_blocks_in_blocks_that_repeat(shared: bool, frozen: bool, tmp_path: Path) -> None:
    graph = chain(layer("Input", shape=(6,)), layer("Linear", out_features=6), layer("BatchNorm1d"), layer("Tanh"))
    graph, end = graph.add(layer("Output"))
    graph = graph.wire("n4", end)
    graph, inner = group(graph, ["n2", "n3"], layer("BlockInput"), layer("BlockOutput"), "Step")
    graph = graph.set_layer(inner.id, graph.nodes[inner.id].layer.with_(repeat=2, shared=shared))
    graph, outer = group(graph, [inner.id, "n4"], layer("BlockInput"), layer("BlockOutput"), "Stage")
    graph = graph.set_layer(outer.id, graph.nodes[outer.id].layer.with_(repeat=3))
    graph = graph.freeze([outer.id], frozen)
    source = compare(graph, tmp_path, [rows_for(graph, 4)])
    assert "class Step(nn.Module):" in source and "class Stage(nn.Module):" in source
    assert "nn.Sequential(*(Stage() for _ in range(3)))" in source
    assert ("for _ in range(2):" in source) == shared


def test_a_loop_with_a_memory(tmp_path: Path) -> None:
    """A decoder's block takes what the one before it gave, and the same memory again."""
    block = {path.stem: block for path, block in BLOCKS}["transformer-decoder"]
    graph, node = Graph().add(block.with_(repeat=3))
    for shape, port in zip([(6, 64), (9, 64)], node.layer.input_ports, strict=True):
        graph, entry = graph.add(layer("Input", shape=shape))
        graph = graph.wire(entry, node, port.name)
    graph, end = graph.add(layer("Output"))
    graph = graph.wire(node, end)
    source = compare(graph, tmp_path, [rows_for(graph, 2)])
    assert "nn.ModuleList(DecoderBlock() for _ in range(3))" in source
    assert "for layer in self." in source


def test_it_reads_as_a_person_writes() -> None:
    source = graph_source(imported(next(r for r in REFERENCES if r.name == "resnet18")).project.graph)
    assert (
        """class BasicBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
"""
        in source
    )
    assert "self.layer1 = nn.Sequential(*(BasicBlock(8) for _ in range(2)))" in source
