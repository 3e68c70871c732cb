"""Optimizers step as torch's do; schedules follow their formulas, and their written source makes the same."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch
from torch import optim

import nnstudio.library  # noqa: F401
from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.spec import SpecError, registered
from nnstudio.engine.checkpoint import _plain


def optimizer(name: str, **settings: object) -> Optimizer:
    return registered(Optimizer)[name](**settings)


def schedule(name: str, **settings: object) -> Schedule:
    return registered(Schedule)[name](**settings)


def descend(rule: Any, parameter: torch.nn.Parameter, steps: int = 6) -> torch.Tensor:
    for _ in range(steps):
        rule.zero_grad()
        (parameter**4).sum().backward()
        rule.step()
    return parameter.detach()


def start() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor([1.0, -2.0]))


@pytest.mark.parametrize(
    ("name", "settings", "plain"),
    [
        ("SGD", {"lr": 0.01}, lambda p: optim.SGD(p, lr=0.01)),
        (
            "SGD",
            {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
            lambda p: optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
        ),
        ("RMSprop", {"alpha": 0.9}, lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9)),
        ("Adam", {"lr": 0.1, "beta1": 0.8}, lambda p: optim.Adam(p, lr=0.1, betas=(0.8, 0.999))),
        ("Adam", {"weight_decay": 0.1}, lambda p: optim.Adam(p, weight_decay=0.1)),
        ("AdamW", {"weight_decay": 0.1}, lambda p: optim.AdamW(p, weight_decay=0.1)),
    ],
)
def test_it_steps_as_torch_does(name: str, settings: dict, plain: Any) -> None:
    ours, theirs = start(), start()
    found = descend(optimizer(name, **settings).build([ours]), ours)
    assert torch.allclose(found, descend(plain([theirs]), theirs), rtol=1e-5)
    assert not torch.equal(found, start())


@pytest.mark.parametrize("name", sorted(registered(Optimizer)))
def test_the_learning_rate_comes_first(name: str) -> None:
    first = registered(Optimizer)[name].settings()[0]
    assert first.name == "lr" and first.limits.logarithmic
    with pytest.raises(SpecError, match="lr needs a number of at least 0"):
        optimizer(name, lr=-0.1)


def test_nesterov_needs_momentum() -> None:
    with pytest.raises(SpecError, match="nesterov needs a momentum above 0, but got momentum 0"):
        optimizer("SGD", nesterov=True)


def rates(made: Any, rule: optim.Optimizer, epochs: int) -> list[float]:
    """The learning rate of each epoch, and the one after the last."""
    found = []
    for _ in range(epochs + 1):
        found.append(rule.param_groups[0]["lr"])
        rule.step()
        if made is not None:
            made.step()
    return found


def plain_sgd() -> optim.Optimizer:
    return optim.SGD([start()], lr=0.1)


def cosine(epoch: float, epochs: int, end: float = 0.0) -> float:
    return end + (0.1 - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("Constant", {}, lambda epoch: 0.1),
        ("StepLR", {"step_size": 4, "gamma": 0.1}, lambda epoch: 0.1 * 0.1 ** (epoch // 4)),
        ("CosineAnnealingLR", {}, lambda epoch: cosine(epoch, 12)),
        ("CosineAnnealingLR", {"eta_min": 0.01}, lambda epoch: cosine(epoch, 12, 0.01)),
        ("LinearWarmup", {"warmup_epochs": 4}, lambda epoch: 0.1 * min(1, 0.1 + 0.9 * epoch / 4)),
        (
            "WarmupCosine",
            {"warmup_epochs": 4, "start_factor": 0.5, "eta_min": 0.001},
            lambda epoch: 0.1 * (0.5 + 0.5 * epoch / 4) if epoch < 4 else cosine(epoch - 4, 8, 0.001),
        ),
    ],
)
def test_it_follows_its_formula_and_its_source_makes_the_same(name: str, settings: dict, expected: Any) -> None:
    made, rule = schedule(name, **settings), plain_sgd()
    built = made.build(rule, 12)
    found = rates(built, rule, 12)
    assert found == pytest.approx([expected(epoch) for epoch in range(13)], abs=1e-12)
    again = plain_sgd()
    source = made.source(12)
    assert (source == "") == (built is None)
    written = eval(source, {"torch": torch, "optimizer": again}) if source else None
    assert rates(written, again, 12) == found


@pytest.mark.parametrize("name", sorted(registered(Schedule)))
@pytest.mark.parametrize("epochs", [1, 3, 20])
def test_it_takes_any_number_of_epochs_and_resumes_from_json(name: str, epochs: int) -> None:
    """Fewer epochs than the warm-up takes, too."""
    rule = plain_sgd()
    built = schedule(name).build(rule, epochs)
    found = rates(built, rule, epochs)
    assert all(0 <= lr <= 0.1 + 1e-12 for lr in found)
    if built is None:
        return
    half, resumed = plain_sgd(), plain_sgd()
    first = schedule(name).build(half, epochs)
    rates(first, half, epochs // 2 - 1)
    text = json.dumps(_plain(first.state_dict()), allow_nan=False)
    second = schedule(name).build(resumed, epochs)
    resumed.load_state_dict(half.state_dict())
    second.load_state_dict(json.loads(text))
    assert rates(second, resumed, epochs - epochs // 2) == found[epochs // 2 :]
