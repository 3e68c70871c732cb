"""Every loss is torch's own, bit for bit, on the targets that it takes; and says what it does not take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import nnstudio.library  # noqa: F401  (registers what is looked for)
from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.spec import registered

LOSSES = registered(Loss)
ROWS = 24


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def whole(below: int, *shape: int) -> torch.Tensor:
    return torch.randint(0, below, shape, generator=torch.Generator().manual_seed(below))


def data(targets: torch.Tensor, classes: int = 0) -> Data:
    names = tuple(f"c{number}" for number in range(classes))
    task = "classification" if classes else "regression"
    return Data(np.zeros((len(targets), 2)), targets.numpy(), task, ("a", "b"), names, "price")


TWO = whole(2, ROWS)
SIGNS = (2 * TWO - 1).float().unsqueeze(1)
NUMBERS = draw(ROWS, 4)[:, 1:].contiguous()
LABELS = whole(2, ROWS, 3).float()
COUNTS = whole(9, ROWS, 2).float()
SHARES = draw(ROWS, 4).softmax(1)
LETTERS = whole(5, ROWS, 7)
PIXELS = whole(4, ROWS, 3, 2)

# name, settings, output, targets of the data, classes, and the same by torch alone
CASES: list[tuple[str, dict[str, Any], torch.Tensor, torch.Tensor, int, Callable[[torch.Tensor], torch.Tensor]]] = [
    ("L1Loss", {}, draw(ROWS, 3), NUMBERS, 0, lambda x: nn.L1Loss()(x, NUMBERS)),
    ("L1Loss", {}, draw(ROWS, 1), TWO, 2, lambda x: nn.L1Loss()(x, TWO.float().unsqueeze(1))),
    ("MSELoss", {}, draw(ROWS, 3), NUMBERS, 0, lambda x: nn.MSELoss()(x, NUMBERS)),
    ("MSELoss", {}, draw(ROWS, 1), TWO, 2, lambda x: nn.MSELoss()(x, TWO.float().unsqueeze(1))),
    ("HuberLoss", {"delta": 0.4}, draw(ROWS, 3), NUMBERS, 0, lambda x: nn.HuberLoss(delta=0.4)(x, NUMBERS)),
    ("SmoothL1Loss", {"beta": 0.3}, draw(ROWS, 3), NUMBERS, 0, lambda x: nn.SmoothL1Loss(beta=0.3)(x, NUMBERS)),
    ("SmoothL1Loss", {"beta": 0.0}, draw(ROWS, 3), NUMBERS, 0, lambda x: nn.SmoothL1Loss(beta=0.0)(x, NUMBERS)),
    ("CrossEntropyLoss", {}, draw(ROWS, 5), whole(5, ROWS), 5, lambda x: nn.CrossEntropyLoss()(x, whole(5, ROWS))),
    (
        "CrossEntropyLoss",
        {"label_smoothing": 0.1, "ignore_index": 2},
        draw(ROWS, 5, 7),
        LETTERS,
        5,
        lambda x: nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=2)(x, LETTERS),
    ),
    ("CrossEntropyLoss", {}, draw(ROWS, 4, 3, 2), PIXELS, 4, lambda x: nn.CrossEntropyLoss()(x, PIXELS)),
    ("NLLLoss", {}, draw(ROWS, 5).log_softmax(1), whole(5, ROWS), 5, lambda x: nn.NLLLoss()(x, whole(5, ROWS))),
    (
        "NLLLoss",
        {"ignore_index": 0},
        draw(ROWS, 4, 3, 2).log_softmax(1),
        PIXELS,
        4,
        lambda x: nn.NLLLoss(ignore_index=0)(x, PIXELS),
    ),
    (
        "MultiMarginLoss",
        {"p": 2, "margin": 0.5},
        draw(ROWS, 5),
        whole(5, ROWS),
        5,
        lambda x: nn.MultiMarginLoss(p=2, margin=0.5)(x, whole(5, ROWS)),
    ),
    ("BCELoss", {}, draw(ROWS, 1).sigmoid(), TWO, 2, lambda x: nn.BCELoss()(x, TWO.float().unsqueeze(1))),
    ("BCELoss", {}, draw(ROWS, 3).sigmoid(), LABELS, 0, lambda x: nn.BCELoss()(x, LABELS)),
    ("BCEWithLogitsLoss", {}, draw(ROWS, 1), TWO, 2, lambda x: nn.BCEWithLogitsLoss()(x, TWO.float().unsqueeze(1))),
    ("BCEWithLogitsLoss", {}, draw(ROWS, 3), LABELS, 0, lambda x: nn.BCEWithLogitsLoss()(x, LABELS)),
    (
        "BCEWithLogitsLoss",
        {},
        draw(ROWS, 1, 3, 2),
        PIXELS % 2,
        2,
        lambda x: nn.BCEWithLogitsLoss()(x[:, 0], (PIXELS % 2).float()),
    ),
    ("MultiLabelSoftMarginLoss", {}, draw(ROWS, 3), LABELS, 0, lambda x: nn.MultiLabelSoftMarginLoss()(x, LABELS)),
    ("SoftMarginLoss", {}, draw(ROWS, 1), TWO, 2, lambda x: nn.SoftMarginLoss()(x, SIGNS)),
    (
        "HingeEmbeddingLoss",
        {"margin": 2.0},
        draw(ROWS, 1).abs(),
        TWO,
        2,
        lambda x: nn.HingeEmbeddingLoss(margin=2.0)(x, SIGNS),
    ),
    ("PoissonNLLLoss", {"full": True}, draw(ROWS, 2), COUNTS, 0, lambda x: nn.PoissonNLLLoss(full=True)(x, COUNTS)),
    (
        "PoissonNLLLoss",
        {"log_input": False, "eps": 1e-3},
        draw(ROWS, 2).exp(),
        COUNTS,
        0,
        lambda x: nn.PoissonNLLLoss(log_input=False, eps=1e-3)(x, COUNTS),
    ),
    (
        "GaussianNLLLoss",
        {"full": True, "eps": 0.5},
        draw(ROWS, 6),
        NUMBERS,
        0,
        lambda x: nn.GaussianNLLLoss(full=True, eps=0.5)(x[:, :3], NUMBERS, torch.exp(x[:, 3:])),
    ),
    (
        "KLDivLoss",
        {},
        draw(ROWS, 4).log_softmax(1),
        SHARES,
        0,
        lambda x: nn.KLDivLoss(reduction="batchmean")(x, SHARES),
    ),
    (
        "KLDivLoss",
        {"log_target": True},
        draw(ROWS, 4).log_softmax(1),
        SHARES.log(),
        0,
        lambda x: nn.KLDivLoss(reduction="batchmean", log_target=True)(x, SHARES.log()),
    ),
]
IDS = [f"{name}-{place}" for place, (name, *_) in enumerate(CASES)]


@pytest.mark.parametrize(("name", "settings", "output", "targets", "classes", "plain"), CASES, ids=IDS)
class TestEveryLoss:
    def test_is_torch_s_bit_for_bit_and_so_are_its_gradients(
        self, name: str, settings: dict, output: torch.Tensor, targets: torch.Tensor, classes: int, plain: Callable
    ) -> None:
        spec = LOSSES[name](**settings)
        assert list(spec.check(TensorType(tuple(output.shape[1:])), data(targets, classes))) == []
        x, again = (output.clone().requires_grad_() for _ in range(2))
        found = spec.build()(x, spec.target(targets, data(targets, classes).task))
        expected = plain(again)
        assert found.dim() == 0 and torch.equal(found, expected)
        found.backward()
        expected.backward()
        assert torch.equal(x.grad, again.grad) and x.grad.abs().sum() > 0

    def test_is_written_as_it_is_computed(
        self, name: str, settings: dict, output: torch.Tensor, targets: torch.Tensor, classes: int, plain: Callable
    ) -> None:
        spec = LOSSES[name](**settings)
        if classes:
            assert spec.target_source or spec.target(targets, "classification") is targets
            assert torch.equal(eval(spec.target_source or "y", {"y": targets}), spec.target(targets, "classification"))
            predicted = spec.classes(output)
            assert torch.equal(eval(spec.classes_source, {"output": output}), predicted)
            assert predicted.shape == targets.shape and predicted.dtype == torch.int64
            assert predicted.min() >= 0 and predicted.max() < classes
        else:
            assert spec.target(targets, "regression") is targets
            values = spec.probabilities(output)
            assert torch.equal(eval(spec.values_source, {"output": output}), values)
            assert values.shape == targets.shape

    def test_names_an_output_of_another_shape(
        self, name: str, settings: dict, output: torch.Tensor, targets: torch.Tensor, classes: int, plain: Callable
    ) -> None:
        shape = tuple(output.shape[1:])
        for wrong in [(shape[0] + 1, *shape[1:]), (*shape, 2), (2 * shape[0], *shape[1:])]:
            (complaint,) = LOSSES[name](**settings).check(TensorType(wrong), data(targets, classes))
            assert str(shape[0]) in complaint.needed and str(wrong[-1]) in complaint.got
            assert complaint.fix.endswith(".") and complaint.port == "input"


def test_every_loss_is_among_the_cases() -> None:
    assert {name for name, *_ in CASES} == set(LOSSES)


def said(name: str, shape: tuple[int, ...], given_data: Data, **settings: Any) -> str:
    (complaint,) = LOSSES[name](**settings).check(TensorType(shape), given_data)
    return f"{complaint.needed} | {complaint.got} | {complaint.fix}"


@pytest.mark.parametrize(
    ("name", "shape", "given_data", "words"),
    [
        ("BCEWithLogitsLoss", (3,), data(NUMBERS), ["two classes, or numbers from 0 to 1", "(price) from -"]),
        ("BCELoss", (1,), data(whole(3, ROWS), 3), ["two classes", "3 classes"]),
        ("SoftMarginLoss", (3,), data(LABELS), ["two classes to predict", "numbers (price)"]),
        ("HingeEmbeddingLoss", (1,), data(whole(3, ROWS), 3), ["two classes", "3 classes"]),
        ("PoissonNLLLoss", (3,), data(NUMBERS), ["counts from 0 on", "numbers (price) from -"]),
        ("PoissonNLLLoss", (1,), data(TWO, 2), ["counts to predict", "2 classes"]),
        ("GaussianNLLLoss", (2,), data(TWO, 2), ["numbers to predict", "2 classes"]),
        ("GaussianNLLLoss", (3,), data(NUMBERS), ["6 outputs, a mean and", "3", "last Linear to 6"]),
        ("KLDivLoss", (3,), data(NUMBERS), ["shares from 0 to 1", "from -"]),
        ("KLDivLoss", (3,), data(torch.full((ROWS, 3), 0.5)), ["add up to 1", "whose sum is 1.5"]),
        ("MultiMarginLoss", (5, 7), data(LETTERS, 5), ["one class for each row", "7 places", "CrossEntropyLoss"]),
        ("NLLLoss", (3,), data(NUMBERS), ["classes to predict", "numbers (price)"]),
        ("CrossEntropyLoss", (7, 5), data(LETTERS, 5), ["[B, 5, 7]", "[B, 7, 5]", "Permute with the order 0, 2, 1 "]),
        ("NLLLoss", (3, 2, 4), data(PIXELS, 4), ["[B, 4, 3, 2]", "[B, 3, 2, 4]", "the order 0, 3, 1, 2 "]),
        ("CrossEntropyLoss", (5,), data(LETTERS, 5), ["[B, 5, 7]", "| 5 |", "5 outputs for each of the 7 places"]),
        ("BCELoss", (3, 2), data(PIXELS % 2, 2), ["[B, 1, 3, 2]", "[B, 3, 2]"]),
    ],
)
def test_it_says_what_it_needs(name: str, shape: tuple[int, ...], given_data: Data, words: list[str]) -> None:
    for word in words:
        assert word in said(name, shape, given_data)


def test_the_remedy_of_the_permute_is_one() -> None:
    output = draw(ROWS, 3, 2, 4).permute(0, 3, 1, 2)
    spec = LOSSES["CrossEntropyLoss"]()
    assert list(spec.check(TensorType(tuple(output.shape[1:])), data(PIXELS, 4))) == []
    assert torch.isfinite(spec.build()(output, PIXELS))


def test_a_class_number_that_is_ignored_may_lie_outside() -> None:
    labels = torch.tensor([0, 1, -1, 2])
    assert "label -1" in said("CrossEntropyLoss", (3,), data(labels, 3))
    assert list(LOSSES["CrossEntropyLoss"](ignore_index=-1).check(TensorType((3,)), data(labels, 3))) == []
    assert "label 2" in said("NLLLoss", (2,), data(torch.tensor([0, -1, 2]), 2), ignore_index=-1)


def test_brightness_counts_as_numbers_from_0_to_1() -> None:
    """What an autoencoder gives back of a picture whose file holds whole numbers up to 255."""
    picture = Data(np.zeros((4, 6), np.uint8), np.full((4, 6), 200, np.uint8), "regression")
    assert list(LOSSES["BCEWithLogitsLoss"]().check(TensorType((6,)), picture)) == []


@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=2), st.integers(0, 2**31))
def test_class_weights_of_two_classes_weigh_the_second_against_the_first(weights: list[float], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    output, labels = torch.randn(9, 1, generator=generator), torch.randint(0, 2, (9,), generator=generator)
    spec = LOSSES["BCEWithLogitsLoss"]()
    weighed = torch.tensor(weights)
    found = spec.build(weighed)(output, spec.target(labels, "classification"))
    each = nn.functional.binary_cross_entropy_with_logits(output[:, 0], labels.float(), reduction="none")
    by_hand = (each * (weighed / weighed[0])[labels]).mean()
    assert found.item() == pytest.approx(by_hand.item(), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"])
def test_class_weights_are_torch_s(name: str) -> None:
    spec, weights, labels = LOSSES[name](), torch.tensor([1.0, 3.0, 0.5]), whole(3, ROWS)
    output = draw(ROWS, 3).log_softmax(1)
    assert torch.equal(spec.build(weights)(output, labels), getattr(nn, name)(weight=weights)(output, labels))
    assert not torch.equal(spec.build(weights)(output, labels), spec.build()(output, labels))


def test_only_losses_that_can_weigh_classes_say_so() -> None:
    weighing = {name: made.weighs_classes for name, made in LOSSES.items() if made.weighs_classes}
    assert weighing == {
        "BCEWithLogitsLoss": "pos_weight",
        "CrossEntropyLoss": "weight",
        "MultiMarginLoss": "weight",
        "NLLLoss": "weight",
    }


def test_probabilities_lie_between_0_and_1() -> None:
    for name, settings, output, _targets, classes, _ in CASES:
        spec = LOSSES[name](**settings)
        if classes and name not in ("MSELoss", "L1Loss", "MultiMarginLoss"):  # which have scores
            shares = spec.probabilities(output)
            assert shares.min() >= 0 and shares.max() <= 1, name
            if shares.shape[1] == 1:  # the class is the one that is likelier
                assert torch.equal((shares[:, 0] > 0.5).long(), spec.classes(output)), name


def test_of_a_large_regression_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnstudio.library.losses._labels._MOST", 8)
    assert "from 3 to 3" in said("BCELoss", (1,), data(torch.full((ROWS, 1), 3.0)))
