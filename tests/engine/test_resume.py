"""A training that is interrupted, saved, loaded and gone on with leaves the same bytes as one that is not."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from engine.random_trainings import random_training, without_place
from engine.test_run import digest, finish
from nnstudio.core import storage
from nnstudio.engine.run import Run

# The long run `python -m tests.long.resumed_trainings` tries 200 of them, with kill -9 too.
SEEDS = range(14)


def interrupted_equals_whole(seed: int, folder: Path, stops: int = 2) -> None:
    """Train a random project in one go, and again with interruptions at random steps, each through a file."""
    project = random_training(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = finish(Run(project))
        expected = digest(whole.checkpoint())
        generator = np.random.default_rng(seed)
        places = {int(step) for step in generator.integers(1, whole.step, stops)} | {whole.batches, 1}
        for stop in sorted(places):
            run = finish(Run(project), steps=stop)
            with run.looking():  # looking changes nothing
                run.output(run.prepared.train_inputs[:3])
            run.evaluate()
            storage.write(folder / "a.nnstudio", without_place(project), run.checkpoint())
            stored = storage.read(folder / "a.nnstudio")
            assert stored.notices == ()
            resumed = Run(stored.project, stored.checkpoint)
            assert resumed.continuation == "exact", f"stopped after step {stop} of {project.training}"
            if resumed.epoch < len(whole.history.epochs):
                finish(resumed)
            assert digest(resumed.checkpoint()) == expected, f"stopped after step {stop} of {project.training}"


@pytest.mark.parametrize("seed", SEEDS)
def test_interrupted_equals_whole(seed: int, tmp_path: Path) -> None:
    interrupted_equals_whole(seed, tmp_path)


@pytest.mark.parametrize("seed", [2, 3, 5, 52, 86, 172])  # the last three once differed in the order of a record
def test_interrupted_equals_whole_where_steps_are_replayed_at_once(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "PLAIN_SECONDS", 0.0)
    interrupted_equals_whole(seed, tmp_path)
