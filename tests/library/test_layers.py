"""What each layer says about inputs that do not fit, and what its numbers are."""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import fx, nn

import nnstudio.library  # noqa: F401
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.problems import Problem
from nnstudio.core.spec import SpecError, registered
from nnstudio.engine.evaluate import evaluate


def layer(name: str, **settings: object) -> Layer:
    return registered(Layer)[name](**settings)


def said(name: str, *shapes: tuple[int, ...], dtype: str = "float32", **settings: object) -> list[tuple[str, str]]:
    """(severity, sentence) of every complaint, as it is said at a node."""
    complaints = layer(name, **settings).check(*(TensorType(shape, dtype) for shape in shapes))
    return [(complaint.severity, Problem.at("n1", name, complaint).message) for complaint in complaints]


# layer, settings, shapes, severity, what the sentence must contain
CASES = [
    ("Linear", {}, [(3, 8, 8)], "warning", ["acts on the last axis", "[B, 3, 8, 8]", "Flatten"]),
    ("Bilinear", {}, [(4, 5), (4, 3)], "warning", ["acts on the last axis"]),
    ("Bilinear", {}, [(4, 5), (3,)], "error", ["alike in all but the last axis", "a [B, 4, 5] and b [B, 3]"]),
    ("Conv2d", {"kernel_size": 5}, [(1, 3, 3)], "error", ["at least 5×5", "kernel 5×5 is larger than the 3×3 input"]),
    ("Conv2d", {"kernel_size": 5, "padding": (0, 1)}, [(1, 4, 3)], "error", ["at least 5×3", "4×5 with its padding"]),
    ("Conv2d", {"dilation": 4}, [(1, 8, 8)], "error", ["at least 9×9", "spread to 9×9"]),
    ("Conv1d", {"kernel_size": 10}, [(1, 9)], "error", ["kernel 10 is larger than the 9 input"]),
    ("Conv2d", {"groups": 2}, [(3, 8, 8)], "error", ["groups=2 must divide 3 input channels", "use 1."]),
    (
        "Conv2d",
        {"groups": 4, "out_channels": 6},
        [(12, 8, 8)],
        "error",
        ["4 must divide 6 output channels", "2 or 3 or 6"],
    ),
    ("Conv2d", {}, [(64,)], "error", ["4 axes [B, C, H, W]", "2 axes [B, 64]"]),
    ("Conv2d", {}, [(8, 8)], "error", ["4 axes", "3 axes"]),
    ("Conv1d", {}, [(9,)], "error", ["3 axes [B, C, L]", "2 axes"]),
    ("MaxPool2d", {"padding": 2}, [(1, 8, 8)], "error", ["at most half the kernel (1)", "padding 2"]),
    ("AvgPool2d", {"kernel_size": (2, 5), "padding": (2, 1)}, [(1, 8, 8)], "error", ["half the kernel (1×2)", "2×1"]),
    ("MaxPool2d", {"kernel_size": 3}, [(4, 2, 2)], "error", ["kernel 3×3 is larger than the 2×2 input"]),
    ("MaxPool2d", {}, [(4, 1, 1)], "error", ["at least 2×2", "less pooling before it"]),
    ("BatchNorm1d", {}, [(3, 8, 8)], "error", ["[B, features]"]),
    ("BatchNorm2d", {}, [(8,)], "error", ["4 axes"]),
    ("Add", {}, [(3,), (4,)], "error", ["one shape", "a [B, 3] and b [B, 4]"]),
    ("Add", {}, [(1,), (4,)], "warning", ["broadcast"]),
    ("Add", {}, [(1,), ()], "error", ["equally many axes"]),
    ("Multiply", {}, [(3, 4), (4,)], "error", ["equally many axes"]),
    ("Concatenate", {"axis": 2}, [(3, 4), (4, 4)], "error", ["alike in all axes but axis 2"]),
    ("Concatenate", {"axis": 2}, [(3,), (4,)], "error", ["axis 2"]),
    ("Flatten", {}, [()], "error", ["at least 2 axes", "1 axis [B]"]),
    ("Reshape", {"shape": (2, 5)}, [(24,)], "error", ["10 numbers a row", "24"]),
    ("Embedding", {}, [(7,)], "error", ["whole numbers", "float32"]),
    ("Softmax", {"dim": 0}, [(7,)], "error", ["axis 0"]),
    ("Softmax", {"dim": 2}, [(7,)], "error", ["axis 2"]),
]


@pytest.mark.parametrize(("name", "settings", "shapes", "severity", "words"), CASES)
def test_sentences(name: str, settings: dict, shapes: list, severity: str, words: list[str]) -> None:
    complaints = said(name, *shapes, **settings)
    assert [found for found, _ in complaints] == [severity]
    for word in words:
        assert word in complaints[0][1]


@pytest.mark.parametrize("name", ["Linear", "Conv2d", "ReLU", "LayerNorm", "BatchNorm1d", "Dropout"])
def test_whole_numbers_need_an_embedding(name: str) -> None:
    shape = (4, 8, 8) if name == "Conv2d" else (4,)
    complaint = next(iter(layer(name).check(TensorType(shape, "int64"))))
    assert "int64" in complaint.got and "Embedding" in complaint.fix


@pytest.mark.parametrize(
    ("name", "settings", "shape", "expected"),
    [
        ("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2}, (3, 32, 32), (8, 15, 15)),
        ("Conv2d", {"kernel_size": (1, 3)}, (3, 5, 5), (8, 5, 3)),
        ("MaxPool2d", {}, (3, 5, 5), (3, 2, 2)),
        ("MaxPool2d", {"ceil_mode": True}, (3, 5, 5), (3, 3, 3)),
        ("MaxPool2d", {"ceil_mode": True}, (3, 1, 1), (3, 1, 1)),
        ("AdaptiveAvgPool2d", {"output_size": 7}, (3, 5, 5), (3, 7, 7)),
        ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, (3, 8, 8), (3, 4, 4)),
        ("Embedding", {"embedding_dim": 5}, (7,), (7, 5)),
        ("Concatenate", {"number_of_inputs": 3}, None, (14,)),
    ],
)
def test_shapes(name: str, settings: dict, shape: tuple | None, expected: tuple) -> None:
    if shape is None:
        types = (TensorType((6,)), TensorType((5,)), TensorType((3,)))
    else:
        types = (TensorType(shape, "int64" if name == "Embedding" else "float32"),)
    found = evaluate(layer(name, **settings), types)
    assert found.refused == "" and found.outputs[0].shape == expected


@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "MaxPool1d", "MaxPool2d", "AvgPool2d"])
@given(data=st.data())
def test_a_window_is_refused_exactly_where_torch_refuses_it(name: str, data: st.DataObject) -> None:
    shape = tuple(data.draw(st.integers(1, 7)) for _ in range(int(name[-2])))
    sizes = {"kernel_size": (1, 6), "stride": (1, 4), "padding": (0, 3)}
    if name.startswith("Conv"):
        sizes |= {"dilation": (1, 3), "groups": (1, 3), "out_channels": (1, 4)}
    settings: dict = {setting: data.draw(st.integers(*ends)) for setting, ends in sizes.items()}
    if not name.startswith("Conv"):
        settings["ceil_mode"] = data.draw(st.booleans())
    made, kind = layer(name, **settings), TensorType((data.draw(st.integers(1, 4)), *shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = evaluate(made, (kind,))
    assert (list(made.check(kind)) == []) == (found.refused == "")


@pytest.mark.parametrize(
    ("name", "settings", "code"),
    [
        ("Add", {"number_of_inputs": 3}, "lambda a, b, c: a + b + c"),
        ("Multiply", {}, "lambda a, b: a * b"),
        ("Concatenate", {"axis": 2}, "lambda a, b: torch.cat((a, b), dim=2)"),
        ("Reshape", {"shape": (3, 4)}, "lambda a: a.reshape(-1, 3, 4)"),
    ],
)
def test_operations_can_be_written_down(name: str, settings: dict, code: str) -> None:
    """torch.fx follows them, and what it writes computes what a person would write."""
    operation = layer(name, **settings)
    graph = fx.Graph()
    tracer = fx.proxy.GraphAppendingTracer(graph)
    proxies = [fx.Proxy(graph.placeholder(port.name), tracer) for port in operation.input_ports]
    graph.output(operation.apply(None, *proxies).node)
    given_ = [torch.randn(5, 2, 6) for _ in proxies]
    expected = eval(code, {"torch": torch})(*given_)
    assert torch.equal(fx.GraphModule(nn.Module(), graph)(*given_), expected)
    assert torch.equal(operation.apply(None, *given_), expected)


def test_the_words_on_a_node() -> None:
    assert layer("Linear", out_features=8).summary((2,)) == "2 → 8"
    assert layer("Conv2d", out_channels=16).summary((3, 8, 8)) == "3 → 16, 3×3"
    assert layer("ReLU").summary((2,)) == "max(0, x)"
    assert layer("Concatenate", number_of_inputs=3).summary((6,), (5,), (3,)) == "6 + 5 + 3 → 14"
    assert layer("Flatten").summary((1, 8, 8)) == "1×8×8 → 64"
    assert layer("Input").summary((1,)) == "1 feature"


def test_step_fires_or_not_and_lets_the_gradient_pass() -> None:
    module = layer("Step").build((3,))
    x = torch.tensor([[-1.0, 0.0, 2.0]], requires_grad=True)
    y = module(x)
    assert y.tolist() == [[0.0, 0.0, 1.0]]
    (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[1.0, 2.0, 3.0]]


def test_modules_are_torch_s_own() -> None:
    torch.manual_seed(3)
    ours = layer("Conv2d", out_channels=5, kernel_size=(3, 2), stride=2, padding=1).build((4, 9, 9))
    torch.manual_seed(3)
    theirs = nn.Conv2d(4, 5, (3, 2), stride=2, padding=1)
    x = torch.randn(2, 4, 9, 9)
    assert torch.equal(ours(x), theirs(x))


def test_dropout_at_its_ends() -> None:
    x = torch.ones(10, 10)
    assert torch.equal(layer("Dropout", p=0.0).build((10,)).train()(x), x)
    assert layer("Dropout", p=1.0).build((10,)).train()(x).sum() == 0
    with pytest.raises(SpecError, match="from 0 to 1"):
        layer("Dropout", p=1.5)


def test_impossible_settings_are_sentences() -> None:
    with pytest.raises(SpecError, match="out_features needs a whole number of at most"):
        layer("Linear", out_features=10**30)
    with pytest.raises(SpecError, match="p needs a number from 0 to 1"):
        layer("Dropout", p=10**400)
    with pytest.raises(SpecError, match="out_features needs a whole number of at least 1, but got 0"):
        layer("Linear", out_features=0)
    with pytest.raises(SpecError, match="shape needs at least one whole number"):
        layer("Reshape", shape=())
