"""What losses say of outputs and targets that they cannot take."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import nnstudio.library  # noqa: F401
from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
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
