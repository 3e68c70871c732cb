"""What people write in a forward: each is drawn with no more nodes than it needs, and does the same."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from engine.random_drawings import random_drawing, rows
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.engine.importing import ImportRefused, import_module

Forward = Callable[..., object]


class Model(nn.Module):
    """A forward with modules."""

    def __init__(self, forward: Forward, **parts: object) -> None:
        super().__init__()
        for name, part in parts.items():
            if isinstance(part, nn.Parameter) or not isinstance(part, torch.Tensor):
                setattr(self, name, part)
            else:
                self.register_buffer(name, part)
        self._forward = forward

    def forward(self, *inputs: torch.Tensor) -> object:
        return self._forward(self, *inputs)


def linear(size: int = 6, out: int = 6) -> nn.Linear:
    return nn.Linear(size, out)


def layers_of(forward: Forward, *shapes: tuple[int, ...], **parts: object) -> list[str]:
    """The layers of the drawing between its ends. What is not exact would be said in the notices."""
    torch.manual_seed(0)
    imported = import_module(Model(forward, **parts), tuple(torch.randn(3, *shape) for shape in shapes), "model")
    assert imported.notices == ()
    kinds = [type(node.layer).__name__ for node in imported.project.graph.nodes.values()]
    return [kind for kind in kinds if kind not in ("Input", "Output")]


def in_place(m, x):
    y = m.a(x)
    y += 1
    y.mul_(2)
    return functional.relu_(y)


def attention(m, x):
    batch, length, size = x.shape
    q, k, v = m.qkv(x).split(size, dim=2)
    q, k, v = (part.view(batch, length, 2, size // 2).transpose(1, 2) for part in (q, k, v))
    weights = (q @ k.transpose(-2, -1)) * (1 / math.sqrt(k.size(-1)))
    weights = weights.masked_fill(m.mask[:length, :length] == 0, float("-inf")).softmax(-1)
    return (weights @ v).transpose(1, 2).reshape(batch, length, size)


def steps(m, x):
    h = x.new_zeros(x.size(0), 4)
    c = torch.zeros_like(h)
    for place in range(x.size(1)):
        h, c = m.cell(x[:, place], (h, c))
    return h


def without_gradient(m, x):
    with torch.no_grad():
        y = m.a(x)
    return m.b(y) + m.a(x).detach()


@pytest.mark.parametrize(
    ("forward", "shapes", "parts", "kinds"),
    [
        (in_place, [(6,)], {"a": linear()}, ["Linear", "Arithmetic", "Arithmetic", "ReLU"]),
        (
            lambda m, x: sum(part(x) for part in (m.a, m.b)),
            [(6,)],
            {"a": linear(), "b": linear()},
            ["Linear"] * 2 + ["Add"],
        ),
        (lambda m, x: x.view(x.size(0), -1) * x.shape[1], [(3, 4)], {}, ["Flatten", "Arithmetic"]),
        (lambda m, x: x.reshape(x.shape[0], 2, -1), [(6,)], {}, ["Reshape"]),
        (lambda m, x: x + m.pe[:, : x.size(1)], [(5, 6)], {"pe": torch.randn(1, 9, 6)}, ["Constant", "Add"]),
        (
            lambda m, x: m.r(x, torch.zeros(1, len(x), 4))[1][-1],
            [(5, 6)],
            {"r": nn.GRU(6, 4, batch_first=True)},
            ["GRU", "Select"],
        ),
        (steps, [(2, 6)], {"cell": nn.LSTMCell(6, 4)}, ["Select", "LSTMCell"] * 2),
        (
            without_gradient,
            [(6,)],
            {"a": linear(), "b": linear()},
            ["Linear", "Detach", "Linear", "Linear", "Detach", "Add"],
        ),
        (
            lambda m, x: torch.cat([m.c.expand(len(x), -1, -1), x], 1),
            [(5, 6)],
            {"c": nn.Parameter(torch.randn(1, 1, 6))},
            ["Parameter", "Expand", "Concatenate"],
        ),
        (
            lambda m, x: m.e(torch.arange(x.size(1))) + x,
            [(5, 6)],
            {"e": nn.Embedding(9, 6)},
            ["Constant", "Embedding", "Add"],
        ),
        (lambda m, x: functional.dropout(m.a(x), 0.0, m.training), [(6,)], {"a": linear()}, ["Linear", "Dropout"]),
        (lambda m, x: x + m.d(x) * 2, [(6,)], {"d": nn.Dropout(0.5)}, ["Dropout", "Arithmetic", "Add"]),
        (lambda m, x: x[:, None, ..., ::2], [(5, 6)], {}, ["Unsqueeze", "Slice"]),
        (lambda m, x: x.max(1)[0] + x.amin(1), [(5, 6)], {}, ["ArgMax", "Gather", "Squeeze", "Min", "Add"]),
        (lambda m, x: x.unfold(2, 4, 4), [(3, 8)], {}, ["Reshape", "Permute"]),
        (lambda m, x: torch.tril(x), [(5, 5)], {}, ["Constant", "MaskedFill"]),
        (
            lambda m, x: torch.addmm(m.b, x, m.w),
            [(6,)],
            {"b": nn.Parameter(torch.randn(4)), "w": nn.Parameter(torch.randn(6, 4))},
            ["Parameter", "Transpose", "Parameter", "LinearFunction"],
        ),
        (
            lambda m, x, y: functional.interpolate(y, size=x.shape[2:], mode="bilinear") + x,
            [(3, 8, 8), (3, 4, 4)],
            {},
            ["Interpolate", "Add"],
        ),
        (lambda m, x: torch.einsum("bid, bjd -> bij", x, x), [(5, 6)], {}, ["Einsum"]),
        (
            lambda m, x: m.t(x, x, x, need_weights=False)[0],
            [(5, 6)],
            {"t": nn.MultiheadAttention(6, 2, batch_first=True)},
            ["MultiheadAttention"],
        ),
    ],
)
def test_what_is_written_in_a_forward_becomes_its_layers(forward, shapes, parts, kinds) -> None:
    assert sorted(layers_of(forward, *shapes, **parts)) == sorted(kinds)


def test_attention_by_hand_with_a_mask_in_a_buffer() -> None:
    kinds = layers_of(attention, (5, 8), qkv=linear(8, 24), mask=torch.tril(torch.ones(9, 9)))
    assert len(kinds) == 17 and "Split" in kinds and kinds.count("Constant") == 1


def test_a_table_that_is_too_large_to_be_written_out_is_kept_as_a_frozen_parameter() -> None:
    table = torch.randn(500, 500)
    imported = import_module(Model(lambda m, x: x @ m.table, table=table), (torch.randn(2, 500),), "model")
    assert [notice for notice in imported.notices if "too large for a Constant" in notice]
    assert [node.frozen for node in imported.project.graph.nodes.values() if node.title == "table"] == [True]
    assert torch.equal(torch.from_numpy(imported.checkpoint.weights["table"]), table)


@pytest.mark.parametrize("seed", range(30))
def test_the_network_of_a_random_drawing_comes_in_as_a_drawing_of_the_same(seed: int) -> None:
    graph, kind = random_drawing(seed)
    network = compile_network(graph, kind)
    imported = import_module(network, (rows(kind, 3, seed),), "drawing")
    assert not [notice for notice in imported.notices if "left out" not in notice]
    assert check_graph(imported.project.graph).parameters <= check_graph(graph, kind).parameters


def test_inputs_that_do_nothing_are_left_out() -> None:
    two = (torch.randn(2, 4), torch.randn(2, 4))
    imported = import_module(Model(lambda m, x, y: y * 2), two, "model")
    assert [notice for notice in imported.notices if "left out" in notice]
    assert [node.layer.role for node in imported.project.graph.nodes.values()].count("input") == 1
    with pytest.raises(ImportRefused, match="does not depend"):
        import_module(Model(lambda m, x: m.w, w=nn.Parameter(torch.ones(2))), two[:1], "model")


def test_outputs_are_called_as_they_are_in_a_dict_or_a_named_tuple() -> None:
    pair = namedtuple("pair", "mean scale")
    for forward, names in (
        (lambda m, x: {"logits": x * 2, "aux": x * 3}, ["logits", "aux"]),
        (lambda m, x: pair(x * 2, x * 3), ["mean", "scale"]),
    ):
        graph = import_module(Model(forward), (torch.randn(2, 4),), "model").project.graph
        assert [node.title for node in graph.nodes.values() if node.layer.role == "output"] == names


@pytest.mark.parametrize(
    ("forward", "parts", "words"),
    [
        (lambda m, x: m.a(x) * 2 if m.training else m.a(x), {"a": linear()}, "In training it does something else"),
        (lambda m, x: x + torch.randn_like(x) if m.training else x * 1.5, {}, "In training it cannot be drawn"),
        (lambda m, x: (m.a(x), m.b(x))[0], {"a": linear(), "b": linear()}, "Nothing is computed with b.weight, b.bias"),
        (lambda m, x: m.n(x), {"n": nn.BatchNorm1d(6).requires_grad_(False)}, "n.weight, n.bias will learn here"),
    ],
)
def test_what_a_drawing_does_in_another_way_is_said(forward, parts, words) -> None:
    imported = import_module(Model(forward, **parts), (torch.randn(3, 6),), "model")
    assert [notice for notice in imported.notices if words in notice]


@pytest.mark.parametrize(
    ("forward", "parts", "words"),
    [
        (lambda m, x: x.clone().index_put_((torch.tensor(0),), torch.zeros(6)), {}, "index_put"),
        (lambda m, x: x - x.mean(0), {}, "axis 0"),
        (
            lambda m, x: functional.normalize(x) @ functional.normalize(x).t(),
            {},
            "every row of the batch beside every other one",
        ),
        (lambda m, x: x[x > 0], {}, "a row has a fixed number"),
        (lambda m, x: x.flip(0), {}, "batch"),
        (lambda m, x: x[:1] + x, {}, "rows of the batch"),
        (lambda m, x: x * len(x), {}, "size of the batch"),
        (lambda m, x: torch.nn.utils.parametrizations.weight_norm(nn.Linear(6, 2))(x), {}, "test_import_functions.py"),
    ],
)
def test_what_is_none_of_a_drawings_business_is_refused(forward, parts, words) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_module(Model(forward, **parts), (torch.randn(3, 6),), "model")
    assert words in str(refused.value)
