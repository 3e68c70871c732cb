"""Each example of the gallery is trained as it is opened, and does what its notes say."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import torch

import nnstudio.library  # noqa: F401
from nnstudio.core import storage
from nnstudio.core.project import Project
from nnstudio.engine.compiler import check
from nnstudio.engine.run import Run
from nnstudio.paths import resources

NAMES = [
    "single-neuron",
    "and",
    "or",
    "xor-one-layer",
    "xor",
    "collapse",
    "function",
    "circles",
    "moons",
    "spirals",
    "teaching",
    "iris",
    "digits",
    "digits-cnn",
    "diabetes",
]


@cache
def builders() -> ModuleType:
    """packaging/make_examples.py, which is in a checkout alone."""
    path = Path(__file__).resolve().parents[2] / "packaging" / "make_examples.py"
    spec = importlib.util.spec_from_file_location("make_examples", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example(name: str) -> Project:
    written = json.loads((resources() / "examples" / f"{name}.json").read_text(encoding="utf-8"))
    return storage.project_from_json(written, name)


@cache
def trained(name: str) -> Run:
    """The example after its training."""
    run = Run(example(name))
    for _ in run.snapshots():
        pass
    return run


def test_these_are_the_examples() -> None:
    assert list(builders().EXAMPLES) == NAMES
    assert {path.stem for path in (resources() / "examples").glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_what_its_builder_makes(name: str) -> None:
    """Otherwise: python packaging/make_examples.py"""
    assert (resources() / "examples" / f"{name}.json").read_text(encoding="utf-8") == builders().text(name)
    assert example(name) == builders().EXAMPLES[name]()


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_without_problems_and_is_drawn_neatly(name: str) -> None:
    project = example(name)
    report = check(project)
    assert [problem.message for problem in report.problems if problem.severity != "note"] == []
    assert project.title and project.sentence.endswith(".") and "Try:" in project.notes
    nodes = list(project.graph.nodes.values())
    for edge in project.graph.edges:
        assert project.graph.nodes[edge.source].position[0] < project.graph.nodes[edge.target].position[0]
    for place, first in enumerate(nodes):
        for second in nodes[:place]:
            (x, y), (u, v) = first.position, second.position
            assert abs(x - u) >= 170 or abs(y - v) >= 170, (first.title, second.title)


# (part, figure, at least)
GOALS = {
    "single-neuron": ("test", "accuracy", 0.9),
    "and": ("train", "accuracy", 1.0),
    "or": ("train", "accuracy", 1.0),
    "xor": ("train", "accuracy", 1.0),
    "collapse": ("test", "accuracy", 0.8),
    "function": ("test", "r2", 0.98),
    "circles": ("test", "accuracy", 0.95),
    "moons": ("test", "accuracy", 0.95),
    "spirals": ("test", "accuracy", 0.95),
    "teaching": ("test", "accuracy", 0.9),
    "iris": ("test", "accuracy", 0.93),
    "digits": ("test", "accuracy", 0.95),
    "digits-cnn": ("test", "accuracy", 0.95),
    "diabetes": ("test", "r2", 0.35),
}


@pytest.mark.parametrize("name", GOALS)
def test_it_learns(name: str) -> None:
    part, figure, least = GOALS[name]
    assert trained(name).evaluate()[part][figure] >= least


def test_one_layer_never_learns_xor() -> None:
    run = trained("xor-one-layer")
    assert run.evaluate()["train"]["accuracy"] <= 0.75
    assert all(record["train"]["accuracy"] <= 0.75 for record in run.history.epochs)


def test_iris_gives_the_published_figures() -> None:
    run = trained("iris")
    losses = [round(run.history.epochs[epoch - 1]["train"]["loss"], 4) for epoch in (20, 40, 60, 80, 100)]
    assert losses == [1.0196, 0.8759, 0.6870, 0.5131, 0.3938]
    assert round(run.history.epochs[-1]["test"]["accuracy"], 4) == 0.9333
    assert {"hidden_1", "relu_1", "hidden_2", "relu_2", "scores"} == set(run.network.names.values())


def test_the_fitted_curve_is_close() -> None:
    """The noise alone has a mean square of 0.0025."""
    assert trained("function").evaluate()["test"]["loss"] < 0.006


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("iris", 739), ("teaching", 26), ("spirals", 105), ("digits", 17_226), ("digits-cnn", 1_898)],
)
def test_parameters(name: str, parameters: int) -> None:
    assert check(example(name)).parameters == parameters


def test_two_linear_layers_collapse_into_one() -> None:
    """W' = W2 W1 and b' = W2 b1 + b2, and the note at the node says so."""
    run = trained("collapse")
    first, second = run.network.first, run.network.second
    weight = second.weight @ first.weight
    bias = second.weight @ first.bias + second.bias
    rows = run.prepared.train_inputs
    with run.looking():
        torch.testing.assert_close(run.network(rows), rows @ weight.T + bias)
    notes = [problem.message for problem in check(example("collapse")).problems if problem.severity == "note"]
    assert len(notes) == 1 and "W' = W2 W1" in notes[0]


def test_the_perceptron_draws_the_border_that_its_notes_prove() -> None:
    """AND: b ≤ 0, one input alone is not enough, both are."""
    neuron = trained("and").network.neuron
    (w1, w2), b = neuron.weight[0].tolist(), neuron.bias.item()
    assert b <= 0 and w1 + b <= 0 and w2 + b <= 0 and w1 + w2 + b > 0
