"""Trouble: what is said of a training that could not go on, what it goes on from, and a remedy for one click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.problems import Problem
from nnstudio.engine.device import lose
from nnstudio.engine.diagnosis import diagnose
from nnstudio.engine.last_good import finite_weights
from nnstudio.engine.out_of_memory import Interruption, batch_that_fits, release

if TYPE_CHECKING:
    from nnstudio.engine.run import Run


@dataclass(frozen=True, eq=False)
class Trouble:
    """What happened to a training.

    Attributes:
        sentence: what to say. problem: where it began, for the drawing; None where it is at no node.
        good: the state to go on from; None where none was kept.
        remedy: the words of a button; empty without one. changes: the settings of the training that it sets.
        details: for a report.
    """

    sentence: str
    problem: Problem | None = None
    good: Checkpoint | None = None
    remedy: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    details: str = ""


def trouble(run: Run, interruption: Interruption | None = None) -> Trouble | None:
    """What is wrong with a Run after a stretch; None when nothing is.

    To be called when the error that interrupted it is gone, in the thread that trains. Unless it gives None, the Run is
    of no more use.
    """
    if run.sharing.world is not None:
        return None
    if interruption is not None and interruption.kind == "memory":
        return _memory(run, interruption)
    if interruption is not None and interruption.kind == "device":
        return _device(run, interruption)
    if interruption is None and run.went_wrong is None and finite_weights(run.network):
        return None
    found = diagnose(run)
    if found is not None and (found.located or interruption is None):
        what = f"The weights were not finite any more after step {run.step}."
        if run.went_wrong is not None:
            what = f"The loss became {run.history.step_losses[run.went_wrong]} at step {run.went_wrong + 1}."
        elif interruption is not None:
            what = f"The training stopped at step {run.step + 1}."
        details = interruption.details if interruption is not None else ""
        problem = found.problem if found.problem.node is not None else None
        return Trouble(
            f"{what} {found.problem.message} {_kept(found.good)}".strip(), problem, found.good, details=details
        )
    if interruption is None:
        return None
    good = run.last_good.checkpoint
    sentence = f"The training stopped at step {run.step + 1}: {interruption.words}. {_kept(good)}"
    return Trouble(sentence.strip(), good=good, details=interruption.details)


def _kept(good: Checkpoint | None) -> str:
    if good is None:
        return ""
    return f"The weights of step {good.step:,} are kept." if good.step else "The weights of the beginning are kept."


def _memory(run: Run, interruption: Interruption) -> Trouble:
    good, size = run.last_good.checkpoint, run.batch_size
    where = "this computer" if run.device.type == "cpu" else f"the device ({run.device.type})"
    step = f"The memory of {where} is full: step {run.step + 1} with batches of {size:,} does not fit."
    release(run)
    fit = None
    if size > 1:
        try:
            fit = batch_that_fits(run)
        except Exception:  # whatever else is wrong with the smaller batch, it is no answer
            fit = None
    release(run)
    if fit is None:
        words = "Not even a batch of one row does." if size == 1 else "No smaller batch that was tried does."
        sentence = f"{step} {words} Make the network smaller. {_kept(good)}"
        return Trouble(sentence.strip(), good=good, details=interruption.details)
    several = -(-size // fit.rows) * run.project.training.accumulate
    how = "tried" if fit.measured else "an estimate"
    sentence = (
        f"{step} Batches of {fit.rows:,} fit ({how}); with {several:,} of them to one update, "
        f"the network learns as before. {_kept(good)}"
    )
    changes = {"batch_size": fit.rows, "accumulate": several}
    return Trouble(sentence.strip(), None, good, f"Use batches of {fit.rows:,}", changes, interruption.details)


def _device(run: Run, interruption: Interruption) -> Trouble:
    kind, good = run.device.type, run.last_good.checkpoint
    lose(kind)
    sentence = (
        f"The device {kind} stopped working at step {run.step + 1} ({interruption.words}). It cannot be used until "
        f"NN Studio is started again; the processor can. {_kept(good)}"
    )
    changes = {"device": "cpu"} if run.project.training.device != "auto" else {}
    return Trouble(sentence.strip(), None, good, "Train on the processor", changes, interruption.details)
