"""Diagnosis: where a training went wrong, found by doing its last steps again from the last good checkpoint.

A step that is done again from the same state gives the same bytes. So a Run of its own goes from there to the step
before the bad one, whose state becomes the good one, and the next batch is taken apart.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nnstudio.core.blocks import title_at
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.problems import Problem
from nnstudio.engine.causes import Cause
from nnstudio.engine.last_good import finite_weights
from nnstudio.engine.recorder import Finding
from nnstudio.engine.taking_apart import drawn, parameters_of, take_apart

if TYPE_CHECKING:
    from nnstudio.engine.run import Run

# So long it may take. Small networks need a small part of it.
SECONDS = 10.0
# No weight of a training that goes well is larger.
ABSURD = 1e6


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found.

    Attributes:
        problem: one sentence, at the node where it began if that was found; a warning.
        good: the state to go on from: that before the first bad step, or the last one that was kept; None without any.
        step: the step that went wrong, from 1. row: the number in the data of the first row that is concerned.
        located: whether the cause was found.
    """

    problem: Problem
    good: Checkpoint | None
    step: int
    row: int | None = None
    located: bool = False


class _TooLong(Exception):
    """Doing it again takes too long."""


def diagnose(run: Run, seconds: float = SECONDS) -> Diagnosis | None:
    """Where a Run went wrong whose loss or weights are not finite any more, or that was refused a step.

    None when nothing is wrong with its numbers.
    """
    wrong = run.went_wrong if run.went_wrong is not None else run.step
    good = run.last_good.checkpoint
    if good is None or wrong < good.step:
        return _unlocated(run, wrong, good, "No state from before is at hand to look for the cause.")
    search = _Search(run, good, wrong, time.monotonic() + seconds)
    try:
        return search.result()
    except _TooLong:
        return _unlocated(run, wrong, good, "To look for the cause would take too long.")
    except (ValueError, RuntimeError, MemoryError) as error:
        words = str(error).strip().split("\n")[0].rstrip(".")
        return _unlocated(run, wrong, good, f"The cause could not be looked for ({words}).")


def _unlocated(run: Run, wrong: int, good: Checkpoint | None, why: str) -> Diagnosis:
    """That the cause was not found; but a state that was spoilt from the beginning shows where it is."""
    spoilt = run.last_good.spoilt
    path = None if spoilt is None else _spoilt_node(spoilt)
    if good is None and path is not None:
        title = title_at(run.project.graph, drawn(path))
        fix = "Reset the weights and train again."
        problem = Problem(
            "warning", f"{title} had weights that are not finite before the training. {fix}", path, fix=fix
        )
        return Diagnosis(problem, None, wrong + 1, located=True)
    fix = "Lower the learning rate."
    return Diagnosis(Problem("warning", f"{why} {fix}", fix=fix), good, wrong + 1)


def _spoilt_node(checkpoint: Checkpoint) -> str | None:
    """The first node with a weight that is not finite."""
    for name, array in checkpoint.weights.items():
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            for path, module in checkpoint.names.items():
                if name == module or name.startswith(f"{module}."):
                    return drawn(path)
    return None


class _Search:
    """One search, from a good checkpoint to the step before that which went wrong."""

    def __init__(self, run: Run, good: Checkpoint, wrong: int, deadline: float) -> None:
        self._run, self._good, self._wrong, self._deadline = run, good, wrong, deadline
        self._rates = list(run.last_good.rates)

    def result(self) -> Diagnosis | None:
        """What was found; None when everything is finite."""
        before, step = self._before()
        good = before.checkpoint()
        rows = before.next_batch()[1]
        found = take_apart(before)
        if found is None:
            found = self._of_update(good, step) if step < self._wrong else None
        elif found.cause.too_large:
            grown = self._of_weights(good)
            if grown is not None:
                # Just before, the weights were on their way already: what was kept earlier is the better start.
                found, step = grown
                good, rows = self._good, rows[:0]
        if found is None:
            return self._not_again(good) if self._run.went_wrong is not None else None
        return self._said(found, good, step, rows.tolist())

    def _before(self) -> tuple[Run, int]:
        """A Run that stands before the first step after which something is not finite, and that step."""
        if self._wrong == self._good.step:
            return self._again(), self._wrong
        run = self._again()
        self._go(run, self._wrong - 1)
        if _sound(run):
            last = run.checkpoint()
            self._go(run, self._wrong)
            if _sound(run):
                return run, self._wrong
            return self._again(last), self._wrong - 1
        # It began earlier than it showed.
        run = self._again()
        while True:
            last = run.checkpoint()
            self._go(run, run.step + 1)
            if not _sound(run) or run.step >= self._wrong:
                return self._again(last), last.step

    def _again(self, checkpoint: Checkpoint | None = None) -> Run:
        """A Run of plain steps that stands where a checkpoint does."""
        wanted = self._run.project
        project = wanted.with_training(captured=False, compile=False)
        checkpoint = checkpoint or self._good
        optimizer, base = project.training.optimizer, checkpoint.optimizer_options.get("base_lr")
        if optimizer is not None and isinstance(base, float):
            project = project.with_training(optimizer=optimizer.with_(lr=base))
        if wanted.training.compile:
            checkpoint = replace(checkpoint, recipe=_without_compile(dict(checkpoint.recipe)))
        made = type(self._run)(project, checkpoint)
        if made.continuation != "exact":
            raise ValueError("its state cannot be put back")
        return made

    def _go(self, run: Run, step: int) -> None:
        """Do steps until so many are done, with the learning rates that were set on the way."""
        for place, lr in [*self._rates, (step, 0.0)]:
            count = min(place, step) - run.step
            if count > 0:
                for _ in run.snapshots(steps=count, interval=0.1):
                    if time.monotonic() > self._deadline:
                        raise _TooLong
            if lr and place == run.step < step:
                run.set_lr(lr)

    def _of_update(self, good: Checkpoint, step: int) -> Finding | None:
        """A weight that an update spoilt, whose gradient is finite."""
        run = self._again(good)
        self._go(run, step + 1)
        for path, name, weight in parameters_of(run.network):
            if not bool(weight.isfinite().all()):
                words = f"has a {name} that is not finite after the update of step {step + 1}, though its gradient is"
                eps = getattr(run.project.training.optimizer, "eps", None)
                remedy = f"Lower the learning rate, which is {run.lr:.3g}."
                if eps is not None and eps == 0:
                    remedy = "Set eps of the optimizer above 0, so that it does not divide by 0."
                return Finding(path, Cause(words, remedy), parameter=name)
        return None

    def _of_weights(self, good: Checkpoint) -> tuple[Finding, int] | None:
        """A weight that had grown over all measure before the step, and the step in which it did."""
        if _absurd(self._again(good)) is None:
            return None
        run = self._again()
        while (found := _absurd(run)) is None:
            self._go(run, run.step + 1)
        path, name, largest = found
        words = f"has a {name} that grew to {largest:.3g}"
        words += f" at step {run.step}" if run.step > self._good.step else ""
        fix = f"Lower the learning rate, which is {run.lr:.3g}."
        return Finding(path, Cause(words, fix), parameter=name), max(run.step - 1, self._good.step)

    def _not_again(self, good: Checkpoint) -> Diagnosis:
        fix = "Train again; if it comes back, lower the learning rate."
        words = f"When step {self._wrong + 1} was done again to look for the cause, all of it was finite."
        return Diagnosis(Problem("warning", f"{words} {fix}", fix=fix), good, self._wrong + 1)

    def _said(self, found: Finding, good: Checkpoint, step: int, rows: list[int]) -> Diagnosis:
        graph, data = self._run.project.graph, self._run.prepared.data
        path = drawn(found.path)
        title = title_at(graph, path)
        row = rows[found.row] if found.row is not None else None
        where = "" if row is None else f"In row {row:,} of the data, "
        if found.place is not None and path != self._run.output_id and found.place < len(data.feature_names):
            where += f"column {data.feature_names[found.place]}, "
        sentence = f"{where}{title} {found.cause.words}. {found.cause.remedy}"
        problem = Problem("warning", sentence, node=path, got=found.cause.words, fix=found.cause.remedy)
        return Diagnosis(problem, good, step + 1, row, located=True)


def _sound(run: Run) -> bool:
    """Whether weights are finite, and gradients that wait for an update."""
    if not finite_weights(run.network):
        return False
    if run.updates.scaler.is_enabled():  # gradients above what float16 holds are part of its work
        return True
    gradients = [parameter.grad for parameter in run.network.parameters() if parameter.grad is not None]
    return all(bool(gradient.isfinite().all()) for gradient in gradients)


def _absurd(run: Run) -> tuple[str, str, float] | None:
    """The first weight that is larger than any good one: node, name and size."""
    for path, name, weight in parameters_of(run.network):
        if weight.requires_grad and weight.numel() and (largest := float(weight.detach().abs().max())) > ABSURD:
            return path, name, largest
    return None


def _without_compile(recipe: dict[str, str]) -> dict[str, str]:
    """The recipe of the same training with steps that are not compiled."""
    finer = json.loads(recipe.get("finer", "{}"))
    finer.pop("compile", None)
    if finer:
        return recipe | {"finer": json.dumps(finer, sort_keys=True)}
    recipe.pop("finer", None)
    return recipe
