"""Thirty-odd trainings that go wrong: the first node and row are named, and the last good weights are kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.projects import iris, optimizer, spirals
from engine.test_run import digest, finish
from engine.wrong_trainings import Wrong, wrong_trainings
from nnstudio.core.blocks import title_at
from nnstudio.engine.diagnosis import Diagnosis, diagnose
from nnstudio.engine.last_good import LastGood, finite, finite_weights
from nnstudio.engine.run import Run

CASES = wrong_trainings()


def gone_wrong(case: Wrong) -> tuple[Run, str]:
    """The training as far as it goes, and what it says then."""
    run = Run(case.project)
    said = ""
    try:
        for step, lr in [*case.rates.items(), (0, 0.0)]:
            for snapshot in run.snapshots(**({"steps": step - run.step} if step else {}), interval=0.001):
                said = snapshot.problem
            if lr:
                run.set_lr(lr)
    except RuntimeError as error:
        said = str(error)
    return run, said


def test_there_are_thirty() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("name", CASES)
def test_the_first_node_and_row_are_named_and_the_last_good_weights_kept(name: str) -> None:
    case = CASES[name]
    run, said = gone_wrong(case)
    assert said or not finite_weights(run.network)
    found = diagnose(run)
    assert found is not None and found.good is not None
    sentence = found.problem.message
    assert found.located and found.problem.node is not None, sentence
    assert title_at(case.project.graph, found.problem.node) == case.title, sentence
    assert case.words in sentence
    if case.row is not None:
        assert found.row == case.row, sentence
        assert f"row {case.row} of the data" in sentence
    # The state before the step that went wrong, or before the weights began to grow.
    assert max(np.abs(array).max() for array in found.good.weights.values()) < 2000
    assert finite(found.good)
    assert found.good.step < found.step if "grew to" in sentence else found.good.step == found.step - 1
    assert np.isfinite(found.good.history.step_losses).all()
    if not case.rates:
        referee = Run(case.project.with_training(captured=False))
        if found.good.step:
            finish(referee, steps=found.good.step)
        assert digest(found.good) == digest(referee.checkpoint())


def test_a_good_training_has_no_diagnosis() -> None:
    assert diagnose(finish(Run(spirals(epochs=2)))) is None


def test_it_is_found_after_many_steps_that_were_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The training is done from a record, and the last checkpoint is hundreds of steps old."""
    monkeypatch.setattr(Run, "PLAIN_SECONDS", 0.0)
    case = CASES["after a while"]
    project = case.project.with_training(optimizer=optimizer("SGD", lr=0.02), epochs=1000)
    run = finish(Run(project), steps=3)
    run.last_good._due = float("inf")  # no other one is taken
    finish(run)
    assert not run.uncaptured and run.went_wrong is not None and run.went_wrong > 300
    kept = run.last_good.checkpoint
    assert kept is not None and kept.step <= 3
    found = diagnose(run)
    assert found is not None and found.good is not None
    assert found.step == run.went_wrong + 1 == found.good.step + 1
    assert "log takes the logarithm of 0" in found.problem.message
    referee = finish(Run(project.with_training(captured=False)), steps=found.good.step)
    assert digest(found.good) == digest(referee.checkpoint())


def test_weights_that_are_not_finite_from_the_beginning_are_named() -> None:
    project = spirals(epochs=2)
    checkpoint = finish(Run(project), steps=3).checkpoint()
    checkpoint.weights["linear_2.weight"][0, 0] = np.nan
    run = finish(Run(project, checkpoint))
    found = diagnose(run)
    assert found.good is None and "linear_2" in found.problem.message
    assert found.problem.node is not None and title_at(project.graph, found.problem.node) == "linear_2"


def test_it_takes_no_longer_than_it_may() -> None:
    run, _ = gone_wrong(CASES["after a while"])
    found = diagnose(run, seconds=0.0)
    assert isinstance(found, Diagnosis) and not found.located
    assert "too long" in found.problem.message and found.good is run.last_good.checkpoint


def test_the_last_good_checkpoint_is_not_taken_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    plain = Run.checkpoint
    monkeypatch.setattr(Run, "checkpoint", lambda run, *given: (taken.append(run.step), plain(run, *given))[1])
    run = Run(iris())
    kept = LastGood()
    for _ in range(50):
        kept.see(run)
    assert taken == [0]
    kept._due = 0.0
    kept.see(run)
    assert taken == [0], "it has this state already"


def test_a_network_that_takes_much_of_the_memory_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnstudio.engine.last_good.memory", lambda: 1000)
    run = finish(Run(iris()), steps=2)
    assert run.last_good.checkpoint is None


def test_to_look_for_the_cause_changes_nothing_outside() -> None:
    run, _ = gone_wrong(CASES["log of 0"])
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    weights = [weight.clone() for weight in run.network.parameters()]
    diagnose(run)
    assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads
    for before, after in zip(weights, run.network.parameters(), strict=True):
        assert torch.allclose(before, after, equal_nan=True)
