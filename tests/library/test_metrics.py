"""Metrics give what scikit-learn gives, however the rows are cut."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as referee

import nnstudio.library  # noqa: F401  (registers what is looked for)
from nnstudio.core.kinds import Metric
from nnstudio.core.spec import registered

METRICS = registered(Metric)


def macro(measure: Callable[..., float]) -> Callable[[Any, Any], float]:
    return lambda true, predicted: measure(true, predicted, average="macro", zero_division=0)


OF_CLASSES: dict[str, Callable[[Any, Any], float]] = {
    "Accuracy": referee.accuracy_score,
    "BalancedAccuracy": referee.balanced_accuracy_score,
    "Precision": macro(referee.precision_score),
    "Recall": macro(referee.recall_score),
    "F1Score": macro(referee.f1_score),
}
OF_NUMBERS: dict[str, Callable[[Any, Any], float]] = {
    "MeanAbsoluteError": referee.mean_absolute_error,
    "MeanAbsolutePercentageError": referee.mean_absolute_percentage_error,
    "RootMeanSquaredError": referee.root_mean_squared_error,
    "R2Score": referee.r2_score,
}


def test_every_metric_has_its_referee() -> None:
    assert OF_CLASSES.keys() | OF_NUMBERS.keys() == METRICS.keys()


def figure(name: str, parts: list[tuple[torch.Tensor, torch.Tensor]], classes: int = 0) -> float:
    metric = METRICS[name].for_classes(classes)
    total = sum(metric.sums(prediction, target) for prediction, target in parts)
    assert total.dtype == torch.float64
    return metric.value(total)


@st.composite
def cut_rows(draw: st.DrawFn) -> tuple[int, list[int]]:
    """So many rows, in batches of these sizes."""
    cuts = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    return sum(cuts), cuts


@pytest.mark.parametrize("name", sorted(OF_CLASSES))
@given(
    rows=cut_rows(), classes=st.integers(2, 6), seed=st.integers(0, 2**31), places=st.sampled_from([(), (3,), (2, 2)])
)
def test_a_figure_of_classes(name: str, rows: tuple[int, list[int]], classes: int, seed: int, places: tuple) -> None:
    """Some classes are never true, or never predicted, or neither."""
    count, cuts = rows
    generator = torch.Generator().manual_seed(seed)
    predicted, true = (torch.randint(0, classes, (count, *places), generator=generator) for _ in range(2))
    parts = list(zip(predicted.split(cuts), true.split(cuts), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of classes that are not among the true ones
        expected = OF_CLASSES[name](true.flatten(), predicted.flatten())
    assert figure(name, parts, classes) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", sorted(OF_CLASSES))
def test_places_without_a_class_do_not_count(name: str) -> None:
    true = torch.tensor([[0, 1, -100], [2, -1, 1]])
    predicted = torch.tensor([[0, 2, 1], [2, 0, 1]])
    counted = true >= 0
    expected = OF_CLASSES[name](true[counted], predicted[counted])
    assert figure(name, [(predicted, true)], 3) == pytest.approx(expected, rel=1e-12)
    assert figure(name, [(predicted, torch.full_like(true, -1))], 3) == 0.0


@pytest.mark.parametrize("name", sorted(OF_NUMBERS))
@given(rows=cut_rows(), outputs=st.integers(1, 3), seed=st.integers(0, 2**31))
def test_a_figure_of_numbers(name: str, rows: tuple[int, list[int]], outputs: int, seed: int) -> None:
    count, cuts = rows
    if name == "R2Score" and count < 2:  # which scikit-learn does not define
        return
    generator = torch.Generator().manual_seed(seed)
    values, truth = (torch.randn(count, outputs, generator=generator) for _ in range(2))
    parts = list(zip(values.split(cuts), truth.split(cuts), strict=True))
    expected = OF_NUMBERS[name](truth.double(), values.double())
    assert figure(name, parts) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_truth_of_0_makes_the_percentage_vast_and_not_infinite() -> None:
    truth, values = torch.zeros(2, 1), torch.ones(2, 1)
    expected = referee.mean_absolute_percentage_error(truth, values)
    found = figure("MeanAbsolutePercentageError", [(values, truth)])
    assert math.isfinite(found) and found == pytest.approx(expected)


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_r2_of_a_target_that_never_varies_is_a_number(offset: float) -> None:
    truth = torch.full((10, 1), 0.1)
    found = figure("R2Score", [(truth + offset, truth)])
    assert found == referee.r2_score(truth, truth + offset)


def test_metrics_say_whom_they_are_for_and_only_some_are_in_every_record() -> None:
    told = {
        name: (metric.key, metric.tasks, metric.percent, metric.higher_is_better, metric.usual)
        for name, metric in METRICS.items()
    }
    classes, numbers = ("classification",), ("regression",)
    assert told == {
        "Accuracy": ("accuracy", classes, True, True, True),
        "BalancedAccuracy": ("balanced_accuracy", classes, True, True, False),
        "F1Score": ("f1", classes, True, True, False),
        "MeanAbsoluteError": ("mae", numbers, False, False, True),
        "MeanAbsolutePercentageError": ("mape", numbers, True, False, False),
        "Precision": ("precision", classes, True, True, False),
        "R2Score": ("r2", numbers, False, True, True),
        "Recall": ("recall", classes, True, True, False),
        "RootMeanSquaredError": ("rmse", numbers, False, False, False),
    }


def test_a_figure_is_told_how_many_classes_there_are() -> None:
    """So that the sums of two batches have the same shape, whatever is in them."""
    metric = METRICS["F1Score"].for_classes(5)
    assert metric.sums(torch.tensor([0]), torch.tensor([0])).shape == (3, 5)
    assert METRICS["Accuracy"].for_classes(5) == METRICS["Accuracy"]()
    assert METRICS["MeanAbsoluteError"].for_classes(0) == METRICS["MeanAbsoluteError"]()
    assert np.isscalar(metric.value(metric.sums(torch.tensor([0]), torch.tensor([0]))))
