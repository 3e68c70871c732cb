"""The learning-rate range test: which learning rates a network learns with. (Smith, 2015.)

    for point in lr_range(project):
        print(point.lr, point.smoothed)

A network of its own is trained for some updates, while the learning rate rises by the same factor from each to the
next. Where the loss falls steepest, the rate is a good one; where it rises again, it is too high. Nothing but the
optimizer moves: no schedule, no early end, no moving average. The same project gives the same points to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.run import Run

LOW, HIGH, STEPS = 1e-7, 10.0, 100
# How slowly the smoothed loss forgets.
MEMORY = 0.98
# The smoothed loss may rise to this many times its lowest value, before the test ends.
PATIENCE = 4.0
# Points at the end that say nothing of where the loss falls: there it is about to fly away.
_LAST = 5


@dataclass(frozen=True)
class Point:
    """One update of the weights: its learning rate, the loss before it, and the smoothed loss."""

    lr: float
    loss: float
    smoothed: float


@dataclass(frozen=True)
class Suggestion:
    """Two rates to choose from: where the smoothed loss falls steepest, and a tenth of where it is lowest."""

    steepest: float
    tenth: float


def rates(low: float, high: float, steps: int) -> list[float]:
    """The learning rates of the test: from `low` to `high`, each the same factor above the one before."""
    if not (0 < low < high and math.isfinite(high)):
        raise ValueError(
            f"The lowest rate needs to be above 0 and below the highest, but they are {low:g} and {high:g}."
        )
    if steps < 2:
        raise ValueError(f"The test needs at least 2 steps, but got {steps}.")
    return [low * (high / low) ** (place / (steps - 1)) for place in range(steps)]


def lr_range(
    project: Project,
    checkpoint: Checkpoint | None = None,
    *,
    low: float = LOW,
    high: float = HIGH,
    steps: int = STEPS,
) -> Iterator[Point]:
    """The points of the test, one for each update of the weights.

    With a checkpoint it begins with the weights in it, else with new ones. It ends early where the smoothed loss is
    PATIENCE times the lowest so far, or where the loss is no number.

    Raises:
        RunError: the project cannot be trained. ValueError: these rates make no test.
    """
    wanted = rates(low, high, steps)
    run = Run(_plain(project), None if checkpoint is None else replace(checkpoint, recipe={}))
    return _points(run, wanted)


def suggest(points: Sequence[Point], steps: int = STEPS) -> Suggestion | None:
    """What the points of a test of so many steps say; None when there are too few.

    The first tenth of the steps and the last five points are left out, as fastai does: the smoothed loss has hardly
    begun, or is about to fly away.
    """
    used = points[steps // 10 : -_LAST]
    if len(used) < 2:
        return None
    losses = np.array([point.smoothed for point in used])
    slopes = np.diff(losses) / np.diff(np.log([point.lr for point in used]))
    return Suggestion(used[int(slopes.argmin())].lr, used[int(losses.argmin())].lr / 10)


def _points(run: Run, wanted: list[float]) -> Iterator[Point]:
    mean, lowest = 0.0, math.inf
    for place, lr in enumerate(wanted, start=1):
        loss = _update(run, lr)
        if not math.isfinite(loss):
            return
        mean = MEMORY * mean + (1 - MEMORY) * loss
        smoothed = mean / (1 - MEMORY**place)
        yield Point(lr, loss, smoothed)
        lowest = min(lowest, smoothed)
        # For a loss above zero this is `smoothed > PATIENCE * lowest`; some losses are below.
        if smoothed - lowest > (PATIENCE - 1) * abs(lowest):
            return


def _update(run: Run, lr: float) -> float:
    """One update of the weights with this rate; the loss of its rows, not a number where something went wrong."""
    accumulate = run.project.training.accumulate
    batches = min(accumulate - run.batch % accumulate, run.batches - run.batch)
    run.set_lr(lr)
    first = len(run.history.step_losses)
    problem = ""
    for snapshot in run.snapshots(steps=batches):
        problem = problem or snapshot.problem
    return math.nan if problem else float(np.mean(run.history.step_losses[first:], dtype=np.float64))


def _plain(project: Project) -> Project:
    """The project without all that would change weights or rates beside the optimizer."""
    if project.training.optimizer is None:
        return project  # a Run of it says what is missing
    return project.with_training(
        schedule=None, patience=None, keep_best=False, ema_decay=None, compile=False, captured=False
    )
