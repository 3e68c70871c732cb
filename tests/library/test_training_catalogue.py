"""Every loss of torch is there, or it is said why not."""

from __future__ import annotations

import inspect

import torch
from torch import nn

import nnstudio.library  # noqa: F401  (registers what is looked for)
from library.left_out import ARGUMENTS_LEFT_OUT, LOSSES_LEFT_OUT
from nnstudio.core.kinds import Loss
from nnstudio.core.spec import registered

# Classes that younger releases of torch than the oldest that will do have added.
ADDED = {"LinearCrossEntropyLoss": (2, 13)}


def losses() -> dict[str, type]:
    """Every loss class that torch.nn offers."""
    found = {name: getattr(nn, name) for name in dir(nn)}
    return {name: made for name, made in found.items() if inspect.isclass(made) and "Loss" in name}


def to_come() -> set[str]:
    present = tuple(int(part) for part in torch.__version__.split(".")[:2])
    return {name for name, release in ADDED.items() if present < release}


def test_every_loss_of_torch_is_there_or_left_out_for_a_reason() -> None:
    there = set(registered(Loss))
    assert set(losses()) - there - LOSSES_LEFT_OUT.keys() == set()
    assert there - set(losses()) == set(), "a loss that torch does not have"
    assert LOSSES_LEFT_OUT.keys() & there == set()
    assert LOSSES_LEFT_OUT.keys() - set(losses()) == to_come()


def test_every_argument_of_a_loss_is_a_setting_or_left_out_for_a_reason() -> None:
    for name, made in registered(Loss).items():
        arguments = set(inspect.signature(getattr(nn, name)).parameters)
        settings = {setting.name for setting in made.settings()}
        assert settings <= arguments, name
        assert arguments - settings - ARGUMENTS_LEFT_OUT["loss"].keys() == set(), name
