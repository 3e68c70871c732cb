"""Optimizers step as torch's do, to the last bit."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import optim

import nnstudio.library  # noqa: F401  (registers what is looked for)
from library.left_out import PAIRS
from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import SpecError, from_json, registered
from nnstudio.engine.export.expressions import call

OPTIMIZERS = registered(Optimizer)

# Settings far from their defaults, by the name of torch's class.
OTHERS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"lr": 0.001, "momentum": 0.5, "dampening": 0.3, "maximize": True},
    ],
    "Adam": [{"lr": 0.1, "beta1": 0.8, "beta2": 0.9}, {"amsgrad": True, "weight_decay": 0.1, "maximize": True}],
    "AdamW": [{"lr": 0.1, "beta1": 0.8, "eps": 1e-3}, {"amsgrad": True, "weight_decay": 0.1, "maximize": True}],
    "Adamax": [{"lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 1e-3}, {"weight_decay": 0.1, "maximize": True}],
    "NAdam": [{"momentum_decay": 0.1, "weight_decay": 0.1}, {"decoupled_weight_decay": True, "weight_decay": 0.1}],
    "RAdam": [{"beta2": 0.9, "weight_decay": 0.1}, {"decoupled_weight_decay": True, "weight_decay": 0.1}],
    "RMSprop": [{"alpha": 0.5, "centered": True}, {"momentum": 0.9, "weight_decay": 0.1, "maximize": True}],
    "Rprop": [{"eta_minus": 0.3, "eta_plus": 1.5, "min_step": 0.05, "max_step": 0.1}, {"maximize": True}],
    "Adagrad": [{"lr_decay": 0.1, "initial_accumulator_value": 0.5}, {"weight_decay": 0.1, "maximize": True}],
    "Adadelta": [{"lr": 0.5, "rho": 0.5, "eps": 1e-3}, {"weight_decay": 0.1, "maximize": True}],
    "ASGD": [{"lambd": 0.1, "alpha": 0.5, "t0": 2.0}, {"weight_decay": 0.1, "maximize": True}],
    "Adafactor": [{"beta2_decay": -0.5, "eps1": 1e-6, "eps2": 0.1}, {"d": 2.0, "weight_decay": 0.1, "maximize": True}],
}
CASES = [(name, settings) for name in OPTIMIZERS for settings in [{}, *OTHERS[name]]]


def by_torch_s_names(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The arguments that somebody would give torch's class for these settings and the defaults of the others."""
    every = {setting.name: setting.default for setting in OPTIMIZERS[name].settings()} | settings
    for argument, parts in PAIRS.items():
        place, _, pair = argument.rpartition(".")
        if place in ("", name) and parts[0] in every:
            every[pair] = tuple(every.pop(part) for part in parts)
    return every


def steps(rule: Any, parameters: list[torch.nn.Parameter], count: int = 5) -> torch.Tensor:
    """The weights after each of some steps on a curved loss."""
    weights = []
    for _ in range(count):
        rule.zero_grad()
        matrix, row = parameters
        ((matrix**4).sum() + torch.sin(matrix @ row).sum()).backward()
        rule.step()
        weights.append(torch.cat([parameter.detach().flatten() for parameter in parameters]))
    return torch.stack(weights)


def start() -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(3)
    return [torch.nn.Parameter(torch.randn(*shape, generator=generator)) for shape in ((5, 4), (4,))]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_its_steps_are_torch_s_bit_for_bit(name: str, settings: dict[str, Any]) -> None:
    ours, theirs, begun = start(), start(), start()
    spec = OPTIMIZERS[name](**settings)
    given = by_torch_s_names(name, settings) | OPTIMIZERS[name].fixed
    fused = {"fused": True} if "fused" in spec.arguments() else {}
    found = steps(spec.build(ours), ours)
    assert torch.equal(found, steps(getattr(optim, name)(theirs, **given | fused), theirs))
    assert torch.isfinite(found).all() and not torch.equal(ours[0], begun[0])


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_no_way_of_computing_changes_the_result(name: str, settings: dict[str, Any]) -> None:
    """One kernel for all weights gives what the plain loop gives, but for rounding."""
    ours, theirs = start(), start()
    given = by_torch_s_names(name, settings)
    assert "fused" not in given
    plain = getattr(optim, name)(theirs, **given, foreach=False)
    found = steps(OPTIMIZERS[name](**settings).build(ours), ours)
    assert torch.allclose(found, steps(plain, theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_the_written_call_makes_the_same(name: str, settings: dict[str, Any]) -> None:
    spec, ours, theirs = OPTIMIZERS[name](**settings), start(), start()
    source = call(f"optim.{name}", getattr(optim, name), spec.arguments(), first=("parameters",))
    written = eval(source, {"optim": optim, "parameters": theirs})
    assert torch.equal(steps(spec.build(ours), ours), steps(written, theirs))


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_the_learning_rate_comes_first_and_is_torch_s(name: str) -> None:
    first = OPTIMIZERS[name].settings()[0]
    assert first.name == "lr" and first.limits.logarithmic
    if name != "SGD":  # here it fits small networks: 0.1
        assert first.default == inspect.signature(getattr(optim, name)).parameters["lr"].default
    with pytest.raises(SpecError, match="lr needs a number of at least 0"):
        OPTIMIZERS[name](lr=-0.1)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_its_defaults_are_torch_s(name: str) -> None:
    theirs = inspect.signature(getattr(optim, name)).parameters
    for argument, value in by_torch_s_names(name, {}).items():
        if argument != "lr":
            assert value == theirs[argument].default, argument


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("SGD", {"nesterov": True}, "nesterov needs a momentum above 0, but got momentum 0"),
        (
            "SGD",
            {"nesterov": True, "momentum": 0.9, "dampening": 0.5},
            "nesterov needs no dampening, but got dampening",
        ),
        ("Rprop", {"min_step": 1.0, "max_step": 0.1}, "max_step needs at least the smallest step, 1, but got 0.1"),
        ("Rprop", {"eta_plus": 1.0}, "eta_plus needs a number above 1"),
        ("Adafactor", {"d": 0.5}, "d needs a number of at least 1"),
        ("Adafactor", {"beta2_decay": 0.5}, "beta2_decay needs a number of at most 0"),
    ],
)
def test_what_torch_would_refuse_is_said(name: str, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        OPTIMIZERS[name](**settings)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.0}),
        ("Adam", {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}),
        ("AdamW", {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01}),
        ("RMSprop", {"lr": 0.01, "alpha": 0.99, "eps": 1e-8, "momentum": 0.0, "weight_decay": 0.0}),
    ],
)
def test_a_file_of_the_first_version_is_read(name: str, settings: dict[str, Any]) -> None:
    assert from_json(Optimizer, {"name": name, "settings": settings}) == OPTIMIZERS[name](**settings)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_what_it_keeps_of_a_weight_is_numbers_that_a_checkpoint_can_hold(name: str) -> None:
    """Everything that counts for the next step is a tensor of the weight's state."""
    parameters = start()
    rule = OPTIMIZERS[name]().build(parameters)
    steps(rule, parameters, 2)
    for parameter in parameters:
        assert all(isinstance(value, torch.Tensor) for value in rule.state[parameter].values())
