"""Losses against torch, metrics against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as referee

import nnstudio.library  # noqa: F401
from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss, Metric
from nnstudio.core.spec import registered

LOSSES = registered(Loss)


def classes(count: int) -> Data:
    targets = np.arange(12, dtype=np.int64) % count
    return Data(np.zeros((12, 2)), targets, "classification", ("a", "b"), tuple(f"c{i}" for i in range(count)))


def labels(targets: list[int]) -> Data:
    """Three classes, whatever the class numbers are."""
    numbered = np.array(targets, dtype=np.int64)
    return Data(np.zeros((len(targets), 2)), numbered, "classification", ("a", "b"), ("c0", "c1", "c2"))


def numbers(outputs: int = 1) -> Data:
    return Data(np.zeros((12, 2)), np.full((12, outputs), 3.0), "regression", ("a", "b"), (), "price")


@pytest.mark.parametrize(
    ("name", "outputs", "data", "words"),
    [
        ("CrossEntropyLoss", (2,), classes(3), ["3 outputs, one for each class", "2"]),
        ("CrossEntropyLoss", (1,), classes(4), ["4 outputs", "1"]),
        ("CrossEntropyLoss", (3,), numbers(), ["classes", "price"]),
        ("BCEWithLogitsLoss", (1,), classes(3), ["two classes", "3 classes"]),
        ("BCEWithLogitsLoss", (2,), classes(2), ["1 output", "2"]),
        ("BCEWithLogitsLoss", (1,), numbers(), ["two classes", "price"]),
        ("CrossEntropyLoss", (1,), classes(1), ["at least 2 classes", "1 from the data"]),
        ("CrossEntropyLoss", (3,), labels([0, 1, 3]), ["label 3", "only 3 classes (0–2)"]),
        ("CrossEntropyLoss", (3,), labels([0, 1, -1]), ["label -1", "labels from 0 to 2"]),
        ("MSELoss", (2,), numbers(), ["1 output", "2"]),
        ("MSELoss", (3,), classes(3), ["numbers or two classes", "3 classes"]),
        ("MSELoss", (2, 4), numbers(), ["1 output", "[B, 2, 4]"]),
    ],
)
def test_what_a_loss_says(name: str, outputs: tuple, data: Data, words: list[str]) -> None:
    complaints = list(LOSSES[name]().check(TensorType(outputs), data))
    assert len(complaints) == 1
    for word in words:
        assert word in f"{complaints[0].needed} / {complaints[0].got}"


@pytest.mark.parametrize(
    ("name", "outputs", "data"),
    [
        ("CrossEntropyLoss", 3, classes(3)),
        ("BCEWithLogitsLoss", 1, classes(2)),
        ("MSELoss", 1, classes(2)),
        ("MSELoss", 2, numbers(2)),
        ("L1Loss", 1, numbers()),
        ("HuberLoss", 1, numbers()),
    ],
)
def test_a_loss_takes_its_targets_without_broadcasting(name: str, outputs: int, data: Data) -> None:
    spec = LOSSES[name]()
    assert list(spec.check(TensorType((outputs,)), data)) == []
    output = torch.randn(12, outputs, requires_grad=True)
    target = spec.target(
        torch.from_numpy(data.targets.astype(np.float32 if data.task == "regression" else np.int64)), data.task
    )
    if name != "CrossEntropyLoss":
        assert target.shape == output.shape
    value = spec.build()(output, target)
    assert value.dim() == 0 and torch.isfinite(value)
    value.backward()


def figure(name: str, parts: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    metric = registered(Metric)[name]()
    total = sum(metric.sums(prediction, target) for prediction, target in parts)
    return metric.value(total)


@pytest.mark.parametrize("cuts", [[30], [1, 29], [7, 7, 7, 9]])
def test_metrics_equal_scikit_learn_however_the_rows_are_cut(cuts: list[int]) -> None:
    generator = torch.Generator().manual_seed(1)
    predicted, true = (torch.randint(0, 3, (30,), generator=generator) for _ in range(2))
    parts = list(zip(predicted.split(cuts), true.split(cuts), strict=True))
    assert figure("Accuracy", parts) == pytest.approx(referee.accuracy_score(true, predicted))
    for outputs in (1, 3):
        values, truth = (torch.randn(30, outputs, generator=generator) for _ in range(2))
        parts = list(zip(values.split(cuts), truth.split(cuts), strict=True))
        assert figure("MeanAbsoluteError", parts) == pytest.approx(referee.mean_absolute_error(truth, values), rel=1e-6)
        assert figure("R2Score", parts) == pytest.approx(referee.r2_score(truth, values), rel=1e-6)


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_r2_of_a_target_that_never_varies_is_a_number(offset: float) -> None:
    truth = torch.full((10, 1), 0.1)
    found = figure("R2Score", [(truth + offset, truth)])
    assert found == referee.r2_score(truth, truth + offset)


def test_metrics_say_whom_they_are_for() -> None:
    keys = {
        name: (metric.key, metric.tasks, metric.percent, metric.higher_is_better)
        for name, metric in registered(Metric).items()
    }
    assert keys == {
        "Accuracy": ("accuracy", ("classification",), True, True),
        "MeanAbsoluteError": ("mae", ("regression",), False, False),
        "R2Score": ("r2", ("regression",), False, True),
    }
