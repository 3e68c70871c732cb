"""Activations against torch, bit for bit, and against the formulas that are shown for them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.projects import chain, layer
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Layer
from nnstudio.core.spec import SpecError, registered
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.library.layers._activation import Activation

Array = np.ndarray


def sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))


def shares(x: Array, axis: int) -> Array:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def gelu(x: Array) -> Array:
    return x * np.vectorize(lambda one: 0.5 * (1 + math.erf(one / math.sqrt(2))))(x)


CASES: list[tuple[str, dict[str, Any], Callable[[Array], Array]]] = [
    ("ReLU", {}, lambda x: np.maximum(0, x)),
    ("ReLU6", {}, lambda x: np.minimum(np.maximum(0, x), 6)),
    ("LeakyReLU", {"negative_slope": 0.2}, lambda x: np.where(x > 0, x, 0.2 * x)),
    ("LeakyReLU", {"negative_slope": 2.0}, lambda x: np.where(x > 0, x, 2 * x)),
    ("PReLU", {"init": 0.3}, lambda x: np.where(x > 0, x, 0.3 * x)),
    ("RReLU", {"lower": 0.1, "upper": 0.3}, lambda x: np.where(x > 0, x, 0.2 * x)),
    ("ELU", {"alpha": 0.7}, lambda x: np.where(x > 0, x, 0.7 * (np.exp(x) - 1))),
    ("ELU", {"alpha": -2.0}, lambda x: np.where(x > 0, x, -2 * (np.exp(x) - 1))),
    ("SELU", {}, lambda x: np.where(x > 0, 1.0507 * x, 1.7581 * (np.exp(x) - 1))),
    ("CELU", {"alpha": 0.7}, lambda x: np.maximum(0, x) + np.minimum(0, 0.7 * (np.exp(x / 0.7) - 1))),
    ("GELU", {}, gelu),
    (
        "GELU",
        {"approximate": "tanh"},
        lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    ("SiLU", {}, lambda x: x * sigmoid(x)),
    ("Mish", {}, lambda x: x * np.tanh(np.logaddexp(0, x))),
    ("Softplus", {"beta": 2.0}, lambda x: np.logaddexp(0, 2 * x) / 2),
    ("Softplus", {"beta": -1.0}, lambda x: -np.logaddexp(0, -x)),
    ("Softsign", {}, lambda x: x / (1 + np.abs(x))),
    ("Tanh", {}, np.tanh),
    ("Tanhshrink", {}, lambda x: x - np.tanh(x)),
    ("Sigmoid", {}, sigmoid),
    ("LogSigmoid", {}, lambda x: np.log(sigmoid(x))),
    ("Hardsigmoid", {}, lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    ("Hardswish", {}, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    ("Hardtanh", {"min_val": -0.5, "max_val": 2.0}, lambda x: np.clip(x, -0.5, 2)),
    ("Hardshrink", {"lambd": 0.5}, lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    ("Softshrink", {"lambd": 0.5}, lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    ("Threshold", {"threshold": 0.25, "value": -1.0}, lambda x: np.where(x > 0.25, x, -1)),
    ("Step", {}, lambda x: np.where(x > 0, 1.0, 0.0)),
    ("Softmax", {"dim": -1}, lambda x: shares(x, -1)),
    ("Softmax", {"dim": 1}, lambda x: shares(x, 1)),
    ("Softmin", {"dim": 2}, lambda x: shares(-x, 2)),
    ("LogSoftmax", {"dim": -2}, lambda x: np.log(shares(x, -2))),
    ("Softmax2d", {}, lambda x: shares(x, 1)),
    ("GLU", {"dim": 1}, lambda x: x[:, :2] * sigmoid(x[:, 2:])),
]
SHAPE = (4, 3, 6)
# Where functions bend or jump, and where the powers of e are very large or very small.
SPECIAL = torch.tensor([-100, -40, -20, -6, -3, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 2, 3, 6, 10, 20, 40, 80, 100.0])


def numbers(seed: int) -> torch.Tensor:
    """Random rows, among them the special numbers."""
    x = 3 * torch.randn(5, *SHAPE, generator=torch.Generator().manual_seed(seed))
    x.view(-1)[: 7 * len(SPECIAL) : 7] = SPECIAL
    return x


def test_there_is_a_case_for_each() -> None:
    every = {name for name, spec in registered(Layer).items() if issubclass(spec, Activation)}
    assert every == {name for name, _, _ in CASES}


@pytest.mark.parametrize(("name", "settings", "formula"), CASES)
def test_values_are_those_of_the_formula(name: str, settings: dict, formula: Callable[[Array], Array]) -> None:
    network = compile_network(chain(layer("Input"), layer(name, **settings), layer("Output")), TensorType(SHAPE))
    x = numbers(1)
    with torch.no_grad():
        found = network.eval()(x).numpy()
    np.testing.assert_allclose(found, formula(x.numpy().astype(float)), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(("name", "settings", "formula"), CASES)
def test_values_and_gradients_are_those_of_torch(name: str, settings: dict, formula: object) -> None:
    made = registered(Layer)[name]
    plain = made.torch_class(**settings)
    network = compile_network(chain(layer("Input"), layer(name, **settings), layer("Output")), TensorType(SHAPE))
    results = []
    for module in (plain, network):
        x = numbers(2).requires_grad_()
        torch.manual_seed(4)  # of RReLU
        output = module.train()(x)
        output.square().sum().backward()
        results.append((output.detach(), x.grad))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])  # type: ignore[arg-type]


IN_PLACE = [
    spec
    for spec in registered(Layer).values()
    if issubclass(spec, Activation) and "inplace" in inspect.signature(spec.torch_class).parameters
]


def test_most_activations_can_work_in_place() -> None:
    assert {"ReLU", "ReLU6", "LeakyReLU", "RReLU", "ELU", "SELU", "CELU", "SiLU", "Mish", "Hardtanh"} <= {
        spec.__name__ for spec in IN_PLACE
    }


@pytest.mark.parametrize("spec", IN_PLACE, ids=lambda spec: spec.__name__)
def test_what_works_in_place_is_the_same_layer(spec: type[Activation]) -> None:
    settings = {"threshold": 0.5, "value": 2.0} if spec.__name__ == "Threshold" else {}
    made = spec.torch_class(**settings, inplace=True).eval()
    found = spec.from_module(made)
    assert "inplace" not in found.arguments()
    x = numbers(3)
    assert torch.equal(found.build(SHAPE).eval()(x), made(x.clone()))


@pytest.mark.parametrize(
    ("name", "settings", "shape", "words"),
    [
        ("GLU", {"dim": 1}, (3, 4), "needs an even number along axis 1, but gets 3"),
        ("PReLU", {"num_parameters": 5}, (3, 4), "1 slope or one for each of the 3 channels"),
        ("LogSoftmax", {"dim": 0}, (3,), "the batch is axis 0"),
        ("Softmax2d", {}, (3, 4), "needs 4 axes [B, C, H, W]"),
        ("Unflatten", {"unflattened_size": (2, 3)}, (8,), "needs 6 numbers along axis 1 for 2×3, but gets 8"),
        ("Unflatten", {"dim": 0}, (8,), "the batch is axis 0"),
        ("Flatten", {"start_dim": 0}, (8, 2), "axes of the row alone"),
        ("Flatten", {"start_dim": 2, "end_dim": 1}, (8, 2), "a first axis that is not behind the last one"),
        ("Flatten", {"start_dim": 5}, (8, 2), "needs an axis from -3 to 2"),
    ],
)
def test_sentences(name: str, settings: dict, shape: tuple[int, ...], words: str) -> None:
    report = check_graph(chain(layer("Input"), layer(name, **settings), layer("Output")), TensorType(shape))
    assert len(report.errors) == 1
    assert words in report.errors[0].message


def test_limits_in_the_wrong_order() -> None:
    with pytest.raises(SpecError, match="more than the lower limit"):
        layer("Hardtanh", min_val=1.0, max_val=0.5)
    with pytest.raises(SpecError, match="at least the lower slope"):
        layer("RReLU", lower=0.5, upper=0.25)


@pytest.mark.parametrize(("name", "settings"), [("CELU", {"alpha": 0.0}), ("Softplus", {"beta": 0.0})])
def test_what_would_divide_by_zero(name: str, settings: dict) -> None:
    with pytest.raises(SpecError, match="other than 0"):
        layer(name, **settings)


@pytest.mark.parametrize(
    ("settings", "shape", "after"),
    [({}, (2, 3, 4), (24,)), ({"start_dim": 2}, (2, 3, 4), (2, 12)), ({"end_dim": -2}, (2, 3, 4), (6, 4))],
)
def test_flatten_and_back(settings: dict, shape: tuple[int, ...], after: tuple[int, ...]) -> None:
    first, cut = settings.get("start_dim", 1), shape[settings.get("start_dim", 1) - 1 :]
    cut = cut[:-1] if "end_dim" in settings else cut
    back = layer("Unflatten", dim=first, unflattened_size=cut)
    graph = chain(layer("Input"), layer("Flatten", **settings), back, layer("Output"))
    report = check_graph(graph, TensorType(shape))
    assert not report.problems
    assert report.nodes["n2"].output == TensorType(after)
    x = torch.randn(2, *shape)
    assert torch.equal(compile_network(graph, TensorType(shape))(x), x)


@pytest.mark.parametrize(
    ("name", "settings", "made"),
    [
        ("CosineSimilarity", {}, nn.CosineSimilarity()),
        ("CosineSimilarity", {"dim": 2}, nn.CosineSimilarity(dim=2)),
        ("PairwiseDistance", {}, nn.PairwiseDistance()),
        ("PairwiseDistance", {"p": 1.0, "keepdim": True}, nn.PairwiseDistance(1.0, keepdim=True)),
    ],
)
def test_two_vectors(name: str, settings: dict, made: nn.Module) -> None:
    drawn = layer(name, **settings)
    assert type(drawn).from_module(made) == drawn
    for other in ((3, 4), (1, 4)):  # as it is, or one vector for all three
        graph, a = Graph().add(layer("Input"))
        graph, b = graph.add(layer("Slice", axis=1, stop=other[0]))
        graph, both = graph.add(drawn)
        graph, last = graph.add(layer("Output"))
        graph = graph.wire(a, b).wire(a, both, "a").wire(b, both, "b").wire(both, last)
        report = check_graph(graph, TensorType((3, 4)))
        assert [problem.severity for problem in report.problems] == ["warning"] * (other != (3, 4))
        x = torch.randn(5, 3, 4)
        assert torch.equal(compile_network(graph, TensorType((3, 4)))(x), made(x, x[:, : other[0]]))
