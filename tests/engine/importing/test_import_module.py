"""Every reference architecture comes in as a drawing that does the same, bit for bit, with the same weights."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from nnstudio.core.blocks import Block, every_node
from nnstudio.core.project_json import graph_from_json, graph_to_json
from nnstudio.engine.checkpoint import restore_weights
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.engine.importing import Imported, ImportRefused, import_module
from nnstudio.engine.network import Network
from reference import REFERENCES, Reference, examples, module


def network_of(imported: Imported) -> Network:
    """The network that the drawing means, with the weights that came with it."""
    assert check_graph(imported.project.graph).errors == []
    network = compile_network(imported.project.graph)
    kept = restore_weights(network, imported.checkpoint)
    assert {path for path, state in network.states_by_node().items() if state} == set(kept)
    return network


def flat(result: object) -> list[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, dict):
        return flat(tuple(result.values()))
    return [tensor for item in result for tensor in flat(item)]  # type: ignore[attr-defined]


def results(
    network: nn.Module, inputs: tuple[torch.Tensor, ...], training: bool
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The outputs, and the gradients of all parameters."""
    torch.manual_seed(3)
    outputs = flat(network.train(training)(*inputs))
    for parameter in network.parameters():
        parameter.grad = None
    generator = torch.Generator().manual_seed(4)
    sum((output * torch.randn(output.shape, generator=generator)).sum() for output in outputs).backward()
    return outputs, [p.grad for p in network.parameters() if p.grad is not None]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a, b)


def in_order(gradients: list[torch.Tensor]) -> list[torch.Tensor]:
    """By shape and size: the drawing may have its parameters in another order."""
    return sorted(gradients, key=lambda g: (tuple(g.shape), float(g.double().sum()), float(g.flatten()[0])))


@pytest.mark.parametrize("reference", REFERENCES, ids=[reference.name for reference in REFERENCES])
def test_a_reference_comes_in_and_does_the_same(reference: Reference) -> None:
    original = module(reference, seed=1)
    imported = import_module(original, examples(reference, 2, seed=2), reference.title)
    network = network_of(imported)
    mine = sum(parameter.numel() for parameter in network.parameters())
    reached = [p for name, p in original.named_parameters() if name not in reference.unreached]
    assert mine == sum(parameter.numel() for parameter in reached)
    assert check_graph(imported.project.graph).parameters == mine
    for training, rows in ((False, 3), (True, 4)):
        inputs = examples(reference, rows, seed=5)
        ours, our_gradients = results(copy.deepcopy(network), inputs, training)
        theirs, their_gradients = results(copy.deepcopy(original), inputs, training)
        same(ours, theirs)
        assert len(our_gradients) > 0
        same(in_order(our_gradients), in_order(their_gradients))
    assert not [notice for notice in imported.notices if "rounding" in notice or "training" in notice]


# -- what the drawing looks like ---------------------------------------------------------------------------------------


def import_(original: nn.Module, *shapes: tuple[int, ...]) -> Imported:
    torch.manual_seed(0)
    return import_module(original.eval(), tuple(torch.randn(2, *shape) for shape in shapes), "model")


def titles(imported: Imported) -> list[str]:
    return [node.title for node in imported.project.graph.nodes.values()]


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4 * 16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch = x.shape[0]
        x = torch.relu(self.norm(self.conv(x)))
        assert x.size(1) * x.size(2) == 4 * 4
        return self.head(x.view(batch, -1))


def test_nodes_are_called_as_the_modules_are_and_sizes_leave_nothing_behind() -> None:
    imported = import_(Small(), (3, 6, 6))
    assert titles(imported) == ["input", "conv", "norm", "relu", "flatten", "head", "output"]
    assert sorted(imported.checkpoint.weights) == sorted(Small().state_dict())


def test_every_level_is_laid_out_without_two_nodes_in_one_place() -> None:
    reference = next(reference for reference in REFERENCES if reference.name == "resnet18")
    graph = import_module(module(reference, 0), examples(reference, 2, 0), "ResNet").project.graph
    levels: dict[str, list[tuple[float, float]]] = {}
    for path, node in every_node(graph):
        levels.setdefault(path.rpartition("/")[0], []).append(node.position)
    assert len(levels) > 4
    assert all(len(set(places)) == len(places) for places in levels.values())


def test_the_drawing_can_be_written_and_read() -> None:
    reference = next(reference for reference in REFERENCES if reference.name == "densenet121")
    graph = import_module(module(reference, 0), examples(reference, 2, 0), "DenseNet").project.graph
    assert graph_from_json(graph_to_json(graph)) == graph


class Cell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.tanh(self.inner(x))


class Stack(nn.Module):
    def __init__(self, cells: int) -> None:
        super().__init__()
        self.cells = nn.ModuleList(Cell() for _ in range(cells))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for cell in self.cells:
            x = cell(x)
        return x


def test_equal_blocks_in_a_row_become_one_that_is_repeated() -> None:
    imported = import_(Stack(4), (6,))
    (block,) = [n.layer for n in imported.project.graph.nodes.values() if isinstance(n.layer, Block)]
    assert (block.repeat, block.shared, block.name) == (4, False, "Cell")
    assert sorted(imported.checkpoint.weights) == sorted(Stack(4).state_dict())


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = Cell()
        self.first = nn.Linear(6, 6)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.cell(self.first(x)), self.cell(self.first(y))


def test_a_module_that_is_called_twice_shares_its_weights() -> None:
    imported = import_(Twice(), (6,), (6,))
    nodes = imported.project.graph.nodes
    assert sorted(nodes[node.shares].title for node in nodes.values() if node.shares) == ["cell", "first"]
    assert titles(imported)[:2] == ["x", "y"]


class Loop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = Cell()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(3):
            x = self.cell(x)
        return x


def test_a_module_that_feeds_itself_is_repeated_with_the_same_weights() -> None:
    (block,) = [n.layer for n in import_(Loop(), (6,)).project.graph.nodes.values() if isinstance(n.layer, Block)]
    assert (block.repeat, block.shared) == (3, True)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Linear(6, 6, bias=False)
        self.decode = nn.Linear(6, 6, bias=False)
        self.decode.weight = self.encode.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(torch.relu(self.encode(x)))


def test_tied_parameters_are_one_tensor_afterwards() -> None:
    imported = import_(Tied(), (6,))
    network = network_of(imported)
    assert len(list(network.parameters())) == 1
    assert any(node.ties for node in imported.project.graph.nodes.values())


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(6))
        self.register_buffer("offset", torch.randn(6))
        self.fc = nn.Linear(6, 6)
        self.fc.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) * self.scale + self.offset


def test_parameters_buffers_and_what_is_frozen_become_nodes_and_marks() -> None:
    imported = import_(Own(), (6,))
    by_title = {node.title: node for node in imported.project.graph.nodes.values()}
    assert by_title["scale"].layer.torch_class is None and not by_title["scale"].frozen
    assert by_title["fc"].frozen
    assert "offset" in by_title
    assert [name for name, p in network_of(imported).named_parameters() if p.requires_grad] == ["scale"]


def test_the_module_is_left_as_it_was() -> None:
    original = Small().train()
    original.head.eval()
    before = {name: value.clone() for name, value in original.state_dict().items()}
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    import_module(original, (torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(1)),), "model")
    assert torch.equal(torch.rand(3), wanted)
    assert original.training and not original.head.training
    assert all(torch.equal(value, before[name]) for name, value in original.state_dict().items())


# -- what is refused ---------------------------------------------------------------------------------------------------


class Looks(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if x.sum() > 0 else x


class Draws(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.randn_like(x)


class Mixes(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean()


class Doubles(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double() * 2


class Fails(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(7, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


class Unknown(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.linalg.svd(x.view(-1, 2, 3))[1]


@pytest.mark.parametrize(
    ("original", "words"),
    [
        (Looks(), "looks at the numbers"),
        (Draws(), "random numbers"),
        (Mixes(), "rows are kept apart"),
        (Doubles(), "float32"),
        (Fails(), "mat1 and mat2"),
        (Unknown(), "svd is a function for which there is no layer"),
    ],
    ids=["looks", "draws", "mixes", "doubles", "fails", "unknown"],
)
def test_what_no_drawing_can_say_is_refused_with_its_line(original: nn.Module, words: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_(original, (6,))
    assert words in str(refused.value)
    assert "test_import_module.py, line" in str(refused.value)


def test_an_example_without_rows_or_of_another_type_is_refused() -> None:
    for example, words in ((torch.tensor(1.0), "first axis"), (torch.zeros(2, 6).double(), "float64")):
        with pytest.raises(ImportRefused, match=words):
            import_module(nn.Linear(6, 2), (example,), "model")
