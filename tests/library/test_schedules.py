"""Every schedule gives torch's own rates; its written source makes the same; its state goes through JSON."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import optim
from torch.optim import lr_scheduler

import nnstudio.library  # noqa: F401  (registers what is looked for)
from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import TrainingSettings
from nnstudio.core.spec import SpecError, from_json, registered
from nnstudio.engine.checkpoint import _merged, _plain
from nnstudio.engine.updates import Updates

SCHEDULES = registered(Schedule)
EPOCHS, STEPS = 12, 5


def sgd(momentum: float = 0.5) -> optim.Optimizer:
    """Two groups, of which the second learns ten times slower."""
    first, second = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    return optim.SGD([{"params": [first]}, {"params": [second], "lr": 0.01}], lr=0.1, momentum=momentum)


def a_step(rule: optim.Optimizer, made: Any, loss: float | None = None) -> None:
    rule.step()
    if made is not None:
        made.step() if loss is None else made.step(loss)


def rates(made: Any, rule: optim.Optimizer, count: int, losses: Callable[[int], float] | None = None) -> list[Any]:
    """What every group has before each of so many steps of the schedule: rate, momentum and betas."""
    found = []
    for place in range(count):
        found.append([(group["lr"], group.get("momentum"), group.get("betas")) for group in rule.param_groups])
        a_step(rule, made, losses(place) if losses else None)
    return found


def times(spec: Schedule) -> int:
    """How often it is stepped in the training."""
    return EPOCHS * (STEPS if spec.stepped == "step" else 1)


def watched(spec: Schedule) -> Callable[[int], float] | None:
    """A loss that falls, rests and falls again."""
    return (lambda place: 4.0 - place if place < 3 else 1.0) if spec.watches else None


CASES: list[tuple[str, dict[str, Any], Callable[[optim.Optimizer], Any]]] = [
    ("Constant", {}, lambda o: None),
    ("StepLR", {"step_size": 4, "gamma": 0.1}, lambda o: lr_scheduler.StepLR(o, 4, 0.1)),
    ("MultiStepLR", {"milestones": (7, 3, 3)}, lambda o: lr_scheduler.MultiStepLR(o, [3, 3, 7], 0.1)),
    ("ConstantLR", {"factor": 0.25, "total_iters": 3}, lambda o: lr_scheduler.ConstantLR(o, 0.25, 3)),
    ("LinearLR", {}, lambda o: lr_scheduler.LinearLR(o, 1.0, 0.01, 12)),
    (
        "LinearLR",
        {"start_factor": 0.5, "end_factor": 0.2, "total_iters": 4, "every": "step"},
        lambda o: lr_scheduler.LinearLR(o, 0.5, 0.2, 20),
    ),
    ("ExponentialLR", {"gamma": 0.7}, lambda o: lr_scheduler.ExponentialLR(o, 0.7)),
    ("PolynomialLR", {"power": 2.0}, lambda o: lr_scheduler.PolynomialLR(o, 12, 2.0)),
    ("PolynomialLR", {"every": "step", "total_iters": 3}, lambda o: lr_scheduler.PolynomialLR(o, 15, 1.0)),
    ("CosineAnnealingLR", {"eta_min": 0.001}, lambda o: lr_scheduler.CosineAnnealingLR(o, 12, 0.001)),
    ("CosineAnnealingLR", {"every": "step"}, lambda o: lr_scheduler.CosineAnnealingLR(o, 60, 0.0)),
    (
        "CosineAnnealingWarmRestarts",
        {"T_0": 3, "T_mult": 2},
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2, 0.0),
    ),
    (
        "CosineAnnealingWarmRestarts",
        {"T_0": 3, "eta_min": 0.001, "every": "step"},
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 15, 1, 0.001),
    ),
    ("LinearWarmup", {"warmup_epochs": 4}, lambda o: lr_scheduler.LinearLR(o, 0.1, 1.0, 4)),
    ("LinearWarmup", {"warmup_steps": 7}, lambda o: lr_scheduler.LinearLR(o, 0.1, 1.0, 7)),
    (
        "WarmupCosine",
        {"warmup_epochs": 4, "start_factor": 0.5, "eta_min": 0.001},
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 0.5, 1.0, 4), lr_scheduler.CosineAnnealingLR(o, 8, 0.001)], [4]
        ),
    ),
    (
        "WarmupCosine",
        {"warmup_steps": 8},
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 0.1, 1.0, 8), lr_scheduler.CosineAnnealingLR(o, 52, 0.0)], [8]
        ),
    ),
    (
        "InverseSquareRoot",
        {"warmup_steps": 9},
        lambda o: lr_scheduler.LambdaLR(o, lambda step: min((step + 1) / 9, (9 / (step + 1)) ** 0.5)),
    ),
    (
        "CyclicLR",
        {},
        lambda o: lr_scheduler.CyclicLR(o, [0.1 * 0.1, 0.01 * 0.1], [0.1, 0.01], 7),
    ),
    (
        "CyclicLR",
        {"step_size_up": 4, "step_size_down": 9, "mode": "exp_range", "gamma": 0.9, "base_factor": 0.5},
        lambda o: lr_scheduler.CyclicLR(o, [0.05, 0.005], [0.1, 0.01], 4, 9, "exp_range", 0.9),
    ),
    (
        "CyclicLR",
        {"step_size_up": 4, "mode": "triangular2", "cycle_momentum": False},
        lambda o: lr_scheduler.CyclicLR(
            o, [0.1 * 0.1, 0.01 * 0.1], [0.1, 0.01], 4, mode="triangular2", cycle_momentum=False
        ),
    ),
    ("OneCycleLR", {}, lambda o: lr_scheduler.OneCycleLR(o, [0.1, 0.01], 60)),
    (
        "OneCycleLR",
        {"three_phase": True, "anneal_strategy": "linear", "div_factor": 5.0, "final_div_factor": 10.0},
        lambda o: lr_scheduler.OneCycleLR(
            o,
            [0.1, 0.01],
            epochs=12,
            steps_per_epoch=5,
            three_phase=True,
            anneal_strategy="linear",
            div_factor=5.0,
            final_div_factor=10.0,
        ),
    ),
    (
        "ReduceLROnPlateau",
        {"patience": 2, "factor": 0.5, "cooldown": 1},
        lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=1),
    ),
    (
        "ReduceLROnPlateau",
        {"patience": 0, "threshold_mode": "abs", "threshold": 2.0, "min_lr": 0.002},
        lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold_mode="abs", threshold=2.0, min_lr=0.002),
    ),
]
IDS = [f"{name}-{place}" for place, (name, *_) in enumerate(CASES)]


def test_every_schedule_is_among_the_cases() -> None:
    assert {name for name, *_ in CASES} == set(SCHEDULES)


@pytest.mark.parametrize(("name", "settings", "plain"), CASES, ids=IDS)
class TestEverySchedule:
    def test_its_rates_are_torch_s(self, name: str, settings: dict, plain: Callable) -> None:
        spec, ours, theirs = SCHEDULES[name](**settings), sgd(), sgd()
        found = rates(spec.build(ours, EPOCHS, STEPS), ours, times(spec), watched(spec))
        assert found == rates(plain(theirs), theirs, times(spec), watched(spec))
        assert name == "Constant" or len({rate for (rate, *_), _ in found}) > 1

    def test_its_source_makes_the_same(self, name: str, settings: dict, plain: Callable) -> None:
        spec, ours, theirs = SCHEDULES[name](**settings), sgd(), sgd()
        source = spec.source(EPOCHS, STEPS)
        assert (source == "") == (name == "Constant")
        written = eval(source, {"torch": torch, "optimizer": theirs}) if source else None
        found = rates(spec.build(ours, EPOCHS, STEPS), ours, times(spec), watched(spec))
        assert found == rates(written, theirs, times(spec), watched(spec))

    def test_goes_on_from_a_state_that_went_through_json(self, name: str, settings: dict, plain: Callable) -> None:
        """Also from the state of a schedule that was itself continued, and from the very first one."""
        spec, losses = SCHEDULES[name](**settings), watched(SCHEDULES[name](**settings))
        rule = sgd()
        made = spec.build(rule, EPOCHS, STEPS)
        if made is None:
            return
        whole = rates(made, rule, times(spec), losses)
        rule, found = sgd(), []
        made = spec.build(rule, EPOCHS, STEPS)
        for place in range(times(spec)):
            resumed = sgd()
            again = spec.build(resumed, EPOCHS, STEPS)
            text = json.dumps(_plain(made.state_dict()), allow_nan=False)
            resumed.load_state_dict(rule.state_dict())
            again.load_state_dict(_merged(again.state_dict(), json.loads(text)))
            rule, made = resumed, again
            found += rates(made, rule, 1, (lambda _, place=place: losses(place)) if losses else None)
        assert found == whole

    def test_goes_on_after_its_end(self, name: str, settings: dict, plain: Callable) -> None:
        spec, rule = SCHEDULES[name](**settings), sgd()
        made = spec.build(rule, EPOCHS, STEPS)
        for rate, momentum, betas in (
            group for step in rates(made, rule, 3 * times(spec), watched(spec)) for group in step
        ):
            assert 0 <= rate <= 0.1 + 1e-12 and 0 <= momentum < 1 and betas is None


@pytest.mark.parametrize("name", sorted(SCHEDULES))
@pytest.mark.parametrize("epochs", [1, 2, 3, 20])
@pytest.mark.parametrize("steps", [1, 7])
def test_it_takes_any_number_of_epochs_and_steps(name: str, epochs: int, steps: int) -> None:
    """Fewer epochs than the warm-up takes, too, and a single step."""
    spec, rule = SCHEDULES[name](), sgd()
    made = spec.build(rule, epochs, steps)
    count = epochs * (steps if spec.stepped == "step" else 1)
    found = rates(made, rule, count + 2, (lambda place: 1.0) if spec.watches else None)
    assert all(0 <= rate <= 0.1 + 1e-12 for step in found for rate, *_ in step)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
@pytest.mark.parametrize("kind", sorted(registered(Optimizer)))
def test_it_works_with_every_optimizer(name: str, kind: str) -> None:
    """Those that change the momentum, too, on optimizers that have none; and their source says the same."""
    spec, made = SCHEDULES[name](), registered(Optimizer)[kind]()

    def trained(written: bool) -> tuple[list[Any], torch.Tensor]:
        parameter = torch.nn.Parameter(torch.tensor([[1.0, -2.0]]))
        rule = made.build([parameter])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            source = spec.source(4, 5)
            if written and source:
                schedule = eval(source, {"torch": torch, "optimizer": rule})
            else:
                schedule = spec.build(rule, 4, 5)
            seen = []
            for _ in range(19):
                rule.zero_grad()
                (parameter**4).sum().backward()
                a_step(rule, schedule, 1.0 if spec.watches else None)
                group = rule.param_groups[0]
                seen.append((group["lr"], group.get("momentum"), group.get("betas")))
        return seen, parameter.detach()

    (seen, ours), (again, theirs) = trained(False), trained(True)
    assert seen == again and torch.equal(ours, theirs) and torch.isfinite(ours).all()


@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
@pytest.mark.parametrize(
    ("kind", "settings", "cycles"),
    [
        ("SGD", {"momentum": 0.9}, True),
        ("SGD", {}, False),
        ("RMSprop", {"momentum": 0.5}, True),
        ("Adam", {}, True),
        ("NAdam", {}, True),
        ("Adagrad", {}, False),
    ],
)
def test_the_momentum_falls_while_the_rate_rises(name: str, kind: str, settings: dict, cycles: bool) -> None:
    for wanted in (True, False):
        rule = registered(Optimizer)[kind](**settings).build([torch.nn.Parameter(torch.ones(2))])
        made = SCHEDULES[name](cycle_momentum=wanted).build(rule, 10, 10)
        before, seen = rule.param_groups[0].get("betas"), []
        for _ in range(40):
            group = rule.param_groups[0]
            seen.append((group["lr"], group["betas"][0] if "betas" in group else group.get("momentum")))
            a_step(rule, made)
        (_, at_bottom), (_, at_top) = min(seen), max(seen)
        if cycles and wanted:
            assert at_top < at_bottom
        else:
            assert at_top == at_bottom
        if before:  # the second beta is not touched
            assert rule.param_groups[0]["betas"][1] == before[1]


@given(st.integers(1, 40), st.sampled_from([0.1, 0.2, 0.25, 0.3, 1 / 3, 0.5, 0.0, 0.99]), st.booleans())
def test_one_cycle_has_a_rise_of_any_length(total: int, start: float, linear: bool) -> None:
    """Torch divides by nothing where the rise is one step long."""
    for three_phase in (False, True):
        if three_phase and start > 0.5:
            continue
        strategy = "linear" if linear else "cos"
        spec = SCHEDULES["OneCycleLR"](pct_start=start, anneal_strategy=strategy, three_phase=three_phase)
        rule = sgd()
        found = rates(spec.build(rule, total, 1), rule, total + 5)
        assert all(0 <= rate <= 0.1 + 1e-12 for step in found for rate, *_ in step)
        assert found[-1] == found[total]


def test_the_three_phases_need_half_of_the_training_at_most() -> None:
    with pytest.raises(SpecError, match=r"pct_start needs at most 0.5 with three phases, but got 0.6"):
        SCHEDULES["OneCycleLR"](three_phase=True, pct_start=0.6)


@pytest.mark.parametrize(
    ("name", "settings", "stepped"),
    [
        ("CosineAnnealingLR", {}, "epoch"),
        ("CosineAnnealingLR", {"every": "step"}, "step"),
        ("LinearWarmup", {}, "epoch"),
        ("LinearWarmup", {"warmup_steps": 3}, "step"),
        ("WarmupCosine", {"warmup_steps": 3}, "step"),
        ("OneCycleLR", {}, "step"),
        ("CyclicLR", {}, "step"),
        ("InverseSquareRoot", {}, "step"),
        ("ReduceLROnPlateau", {}, "epoch"),
    ],
)
def test_it_says_when_it_is_stepped(name: str, settings: dict, stepped: str) -> None:
    spec = SCHEDULES[name](**settings)
    assert spec.stepped == stepped and spec.watches == (name == "ReduceLROnPlateau")


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("StepLR", {"step_size": 4, "gamma": 0.1}, lambda t: 0.1 * 0.1 ** (t // 4)),
        ("ExponentialLR", {"gamma": 0.9}, lambda t: 0.1 * 0.9**t),
        ("PolynomialLR", {"power": 2.0}, lambda t: 0.1 * (1 - t / 12) ** 2),
        ("LinearLR", {"start_factor": 0.5, "end_factor": 0.25}, lambda t: 0.1 * (0.5 - 0.25 * t / 12)),
        ("CosineAnnealingLR", {"eta_min": 0.01}, lambda t: 0.01 + 0.09 * (1 + math.cos(math.pi * t / 12)) / 2),
        ("LinearWarmup", {"warmup_epochs": 4}, lambda t: 0.1 * min(1, 0.1 + 0.9 * t / 4)),
        ("CosineAnnealingWarmRestarts", {"T_0": 4}, lambda t: 0.1 * (1 + math.cos(math.pi * (t % 4) / 4)) / 2),
    ],
)
def test_it_follows_its_formula(name: str, settings: dict, expected: Callable[[int], float]) -> None:
    spec, rule = SCHEDULES[name](**settings), sgd()
    found = rates(spec.build(rule, EPOCHS, STEPS), rule, EPOCHS)
    assert [rate for (rate, *_), _ in found] == pytest.approx([expected(epoch) for epoch in range(EPOCHS)], abs=1e-12)


def test_the_transformer_s_rate_is_that_of_its_paper() -> None:
    width, rise = 512, 40
    paper = [width**-0.5 * min(step**-0.5, step * rise**-1.5) for step in range(1, 101)]
    rule = optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=(width * rise) ** -0.5)
    made = SCHEDULES["InverseSquareRoot"](warmup_steps=rise).build(rule, 20, 5)
    assert [step[0][0] for step in rates(made, rule, 100)] == pytest.approx(paper, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("StepLR", {"step_size": 30, "gamma": 0.5}),
        ("CosineAnnealingLR", {"eta_min": 0.0}),
        ("LinearWarmup", {"start_factor": 0.1, "warmup_epochs": 5}),
        ("WarmupCosine", {"start_factor": 0.1, "warmup_epochs": 5, "eta_min": 0.0}),
    ],
)
def test_a_file_of_the_first_version_is_read(name: str, settings: dict[str, Any]) -> None:
    found = from_json(Schedule, {"name": name, "settings": settings})
    assert found == SCHEDULES[name](**settings) and found.stepped == "epoch"


@pytest.mark.parametrize(("name", "settings", "plain"), CASES, ids=IDS)
def test_another_rate_scales_what_is_to_come(name: str, settings: dict, plain: Callable) -> None:
    """Twice the rate from the middle on is the schedule of twice the rate, where no lowest rate is given."""
    if settings.get("eta_min") or settings.get("min_lr"):
        return
    spec = SCHEDULES[name](**settings)

    def begun(lr: float) -> Any:
        made = registered(Optimizer)["SGD"](lr=lr, momentum=0.5)
        settings = TrainingSettings(optimizer=made, schedule=spec, epochs=EPOCHS)
        return Updates(settings, torch.nn.Linear(2, 1), torch.device("cpu"), STEPS)  # type: ignore[arg-type]

    losses, middle = watched(spec), times(spec) // 2
    found, expected = begun(0.1), begun(0.2)
    rates(found.schedule, found.optimizer, middle, losses)
    rates(expected.schedule, expected.optimizer, middle, losses)
    found.set_base_lr(0.2)
    later = (lambda place: losses(place + middle)) if losses else None
    seen, wanted = (rates(one.schedule, one.optimizer, times(spec) - middle, later) for one in (found, expected))
    for ((rate, *rest),), ((its, *others),) in zip(seen, wanted, strict=True):
        assert rate == pytest.approx(its, rel=1e-9, abs=1e-15) and rest == others
