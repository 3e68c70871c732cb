"""The curve of a schedule is what torch's scheduler gives when it is stepped by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.projects import optimizer, schedule, spirals
from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.spec import registered
from nnstudio.engine import schedule_curve
from nnstudio.engine.run import Run
from nnstudio.engine.schedule_curve import POINTS, RateCurve, drawn

FORESEEN = [name for name, kind in registered(Schedule).items() if not kind.watches]


def curve(*of: object) -> RateCurve:
    *pauses, last = drawn(*of)  # type: ignore[arg-type]
    assert isinstance(last, RateCurve) and not any(pauses)
    return last


def by_hand(updates: Optimizer, plan: Schedule, epochs: int, steps: int) -> tuple[list[float], list[float]]:
    """Two loops, as a script has them; the rate before each step of the scheduler."""
    built = updates.build([torch.nn.Parameter(torch.ones(3, 3, requires_grad=True))])
    stepper = plan.build(built, epochs, steps)
    places, rates = [], []
    for epoch in range(epochs):
        for step in range(steps):
            if step == 0 or plan.stepped == "step":
                places.append(epoch + step / steps)
                rates.append(float(built.param_groups[0]["lr"]))
            built.step(lambda: 0.0)
            if stepper is not None and plan.stepped == "step":
                stepper.step()
        if stepper is not None and plan.stepped == "epoch":
            stepper.step()
    return places, rates


@pytest.mark.parametrize("updates", list(registered(Optimizer)))
@pytest.mark.parametrize("plan", FORESEEN)
def test_it_is_the_scheduler_stepped_by_hand(plan: str, updates: str) -> None:
    for epochs, steps in ((12, 7), (1, 1), (40, 3)):
        found = curve(optimizer(updates), schedule(plan), epochs, steps)
        places, rates = by_hand(optimizer(updates), schedule(plan), epochs, steps)
        assert found.rates.tolist() == rates
        np.testing.assert_allclose(found.epochs, places, rtol=1e-12)
        assert found.end == epochs


@pytest.mark.parametrize("plan", FORESEEN)
def test_a_training_has_these_rates(plan: str) -> None:
    project = spirals(schedule=schedule(plan), epochs=4, batch_size=30, accumulate=2)
    run = Run(project)
    found = curve(project.training.optimizer, schedule(plan), 4, run.updates.each)
    for _ in run.snapshots(epochs=1):
        pass
    later = found.rates[found.epochs >= 1 - 1e-9][0]
    assert run.lr == later


def test_without_a_schedule_it_is_level() -> None:
    found = curve(optimizer("SGD", lr=0.25), None, 6, 100)
    assert found.rates.tolist() == [0.25] * 6 and found.end == 6


def test_a_long_curve_keeps_its_ends_and_every_spike() -> None:
    plan = schedule("CyclicLR", step_size_up=3)
    found = curve(optimizer("SGD", lr=1.0), plan, 50, 333)
    _, rates = by_hand(optimizer("SGD", lr=1.0), plan, 50, 333)
    assert len(found.rates) <= POINTS
    assert (found.rates[0], found.rates[-1]) == (rates[0], rates[-1])
    assert found.rates.max() == max(rates) and found.rates.min() == min(rates)
    for begin in range(0, 50, 5):  # in every part, not only somewhere
        inside = (found.epochs >= begin) & (found.epochs < begin + 5)
        assert found.rates[inside].max() > 0.99 and found.rates[inside].min() < 0.11


def test_few_epochs_are_stairs() -> None:
    found = curve(optimizer("SGD", lr=1.0), schedule("StepLR", step_size=1, gamma=0.5), 3, 10)
    places, rates = found.stairs
    assert places.tolist() == [0, 1, 1, 2, 2, 3] and rates.tolist() == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_of_a_very_long_training_the_beginning_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_curve, "MOST_STEPS", 3000)
    pieces = list(drawn(optimizer("SGD", lr=1.0), schedule("OneCycleLR"), 10_000_000, 10))
    last = pieces[-1]
    assert last is not None and last.end == 300 and len(pieces) == 4


def test_it_draws_no_random_number() -> None:
    before = torch.get_rng_state()
    curve(optimizer("Adam"), schedule("OneCycleLR"), 5, 5)
    assert torch.equal(torch.get_rng_state(), before)
