"""Every loss, optimizer and schedule of torch is there, or it is said why not; and so are their arguments."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn, optim
from torch.optim import lr_scheduler

import nnstudio.library  # noqa: F401  (registers what is looked for)
from library.left_out import ARGUMENTS_LEFT_OUT, LOSSES_LEFT_OUT, OPTIMIZERS_LEFT_OUT, PAIRS, SCHEDULES_LEFT_OUT
from nnstudio.core.kinds import Loss, Optimizer, Schedule
from nnstudio.core.spec import Spec, registered

# Classes that younger releases of torch than the oldest that will do have added.
ADDED = {"LinearCrossEntropyLoss": (2, 13)}
# Schedules that torch does not have under these names.
OURS = {"Constant", "LinearWarmup", "WarmupCosine", "InverseSquareRoot"}


def classes(place: Any) -> dict[str, type]:
    """What a module offers."""
    found = {name: getattr(place, name) for name in dir(place) if not name.startswith("_")}
    return {name: made for name, made in found.items() if inspect.isclass(made)}


LOSSES = {name: made for name, made in classes(nn).items() if "Loss" in name}
OPTIMIZERS = {name: made for name, made in classes(optim).items() if issubclass(made, optim.Optimizer)}
SCHEDULES = {
    name: made
    for name, made in classes(lr_scheduler).items()
    if issubclass(made, lr_scheduler.LRScheduler) and made.__module__ == lr_scheduler.__name__
}
KINDS = [
    pytest.param(Loss, LOSSES, LOSSES_LEFT_OUT, id="losses"),
    pytest.param(Optimizer, OPTIMIZERS, OPTIMIZERS_LEFT_OUT, id="optimizers"),
    pytest.param(Schedule, SCHEDULES, SCHEDULES_LEFT_OUT, id="schedules"),
]


def to_come() -> set[str]:
    present = tuple(int(part) for part in torch.__version__.split(".")[:2])
    return {name for name, release in ADDED.items() if present < release}


@pytest.mark.parametrize(("kind", "of_torch", "left_out"), KINDS)
def test_everything_of_torch_is_there_or_left_out_for_a_reason(
    kind: type[Spec], of_torch: dict[str, type], left_out: dict[str, str]
) -> None:
    assert len(of_torch) > 10  # the look finds them
    there = set(registered(kind))
    assert set(of_torch) - there - left_out.keys() == set()
    assert there - set(of_torch) <= OURS
    assert left_out.keys() & there == set()
    assert left_out.keys() - set(of_torch) <= to_come()


@pytest.mark.parametrize(("kind", "of_torch", "left_out"), KINDS)
def test_every_argument_of_torch_is_a_setting_or_left_out_for_a_reason(
    kind: type[Spec], of_torch: dict[str, type], left_out: dict[str, str]
) -> None:
    reasons = ARGUMENTS_LEFT_OUT[kind.kind]
    used = set()
    for name, made in registered(kind).items():
        if name in OURS:
            continue
        arguments = set(inspect.signature(of_torch[name]).parameters)
        settings = {setting.name for setting in made.settings()}
        for argument in arguments:
            reason = argument if argument in reasons else f"{name}.{argument}"
            parts = PAIRS.get(f"{name}.{argument}", PAIRS.get(argument, (argument,)))
            assert reason in reasons or settings >= set(parts), f"{name}: {argument}"
            assert not (reason in reasons and argument in settings), f"{name}: {argument}"
            used.add(reason)
    assert reasons.keys() - used == set()


@pytest.mark.parametrize("kind", [Loss, Optimizer, Schedule])
def test_everything_says_what_it_computes_and_where_that_is_written(kind: type[Spec]) -> None:
    for name, made in registered(kind).items():
        assert made.formula, name  # type: ignore[attr-defined]
        assert made.reference or name == "Constant", name
        assert made.aliases or name == "Constant", name
        others = {setting.limits.sentence for setting in made.settings()}
        assert len(others) == len(made.settings()), f"{name}: two settings are explained in the same words"


@pytest.mark.parametrize("name", sorted(registered(Optimizer)))
def test_one_kernel_does_it_where_torch_has_one(name: str) -> None:
    fused = "fused" in inspect.signature(OPTIMIZERS[name]).parameters
    assert registered(Optimizer)[name]().arguments().get("fused", False) == fused
