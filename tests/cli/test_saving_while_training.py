"""`nnstudio train` leaves a file from which a training that was killed goes on exactly, and says what went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.projects import layer, optimizer, spirals
from engine.test_run import digest
from nnstudio.cli import keeping
from nnstudio.core import storage
from nnstudio.engine.run import Run


@pytest.mark.skipif(os.name == "nt", reason="a process is killed with SIGKILL")
def test_a_training_that_is_killed_twice_goes_on_exactly(nnstudio, tmp_path: Path) -> None:
    # So many epochs that their lines do not fit into the pipe: it cannot reach the end before it is killed.
    project = spirals(
        layer("Linear", out_features=8),
        layer("Dropout", p=0.2),
        layer("Tanh"),
        epochs=1500,
        batch_size=80,
        device="cpu",
    )
    whole, broken = tmp_path / "whole.nnstudio", tmp_path / "broken.nnstudio"
    for path in (whole, broken):
        storage.write(path, project)
    assert nnstudio("train", whole, "--json").code == 0
    reached = 0
    for _ in range(2):
        before = broken.read_bytes()
        process = subprocess.Popen(
            [sys.executable, "-m", "nnstudio", "train", str(broken), "--json", "--save-every", "0.001"],
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["epoch"] >= reached + 50 and broken.read_bytes() != before:
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        stored = storage.read(broken)
        assert stored.notices == () and stored.checkpoint is not None
        assert reached < stored.checkpoint.epoch < 1500
        reached = stored.checkpoint.epoch
    assert nnstudio("train", broken, "--json").code == 0
    assert digest(storage.read(broken).checkpoint) == digest(storage.read(whole).checkpoint)


def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of the files that are written."""
    steps: list[int] = []
    plain = storage.write

    def write(path, project, checkpoint=None, picture=b""):
        steps.append(checkpoint.step)
        return plain(path, project, checkpoint, picture)

    monkeypatch.setattr(storage, "write", write)
    return steps


def test_it_is_saved_as_often_as_is_asked_for(nnstudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.nnstudio"
    storage.write(path, spirals(epochs=40, device="cpu", captured=False))
    steps = written(monkeypatch)
    monkeypatch.setattr(keeping, "_REST", 0)
    assert nnstudio("train", path, "--save-every", 1e-6).code == 0
    assert len(steps) > 1 and steps == sorted(steps) and len(set(steps)) == len(steps)
    for words in (("--save-every", 0), ("--save-every", 1000), ()):
        steps.clear()
        assert nnstudio("train", path, *words).code == 0
        assert len(steps) == 1


def test_where_it_cannot_be_saved_the_training_goes_on(
    nnstudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.nnstudio"
    storage.write(path, spirals(epochs=40, device="cpu", captured=False))
    plain, failed = storage.write, []

    def write(path, project, checkpoint=None, picture=b""):
        if len(failed) < 2:
            failed.append(checkpoint.step)
            raise storage.StorageError("a.nnstudio could not be saved in /there: No space left on device.")
        return plain(path, project, checkpoint, picture)

    monkeypatch.setattr(storage, "write", write)
    monkeypatch.setattr(keeping, "_REST", 0)
    result = nnstudio("train", path, "--save-every", 1e-6)
    assert result.code == 0 and len(failed) == 2
    assert "No space left" in result.sentence and "goes on" in result.sentence  # once
    assert storage.read(path).checkpoint.epoch == 40


def test_the_last_good_weights_are_saved_and_the_cause_is_said(nnstudio, tmp_path: Path) -> None:
    project = spirals(
        layer("Linear", out_features=1), layer("Log"), optimizer=optimizer("SGD", lr=1e-3), epochs=3, device="cpu"
    )
    path = tmp_path / "a.nnstudio"
    storage.write(path, project)
    result = nnstudio("train", path, "--json")
    assert result.code == 1
    assert "log takes the logarithm of" in result.sentence and "of the data" in result.sentence
    said = json.loads(result.out.splitlines()[-1])
    assert said["done"] is False and said["title"] == "log"
    assert "left as it was" in result.sentence and storage.read(path).checkpoint is None


def test_what_was_learned_before_it_went_wrong_is_in_the_file(
    nnstudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.nnstudio"
    project = spirals(epochs=5, device="cpu", captured=False)
    storage.write(path, project)
    plain = Run.plain_step

    def spoil(run, inputs, aims):
        loss, output = plain(run, inputs, aims)
        if run.step == 23:
            next(run.network.parameters()).data.fill_(torch.nan)
        return loss, output

    monkeypatch.setattr(Run, "plain_step", spoil)
    result = nnstudio("train", path)
    monkeypatch.undo()
    assert result.code == 1
    assert "saved in" in result.sentence and "The weights of step 23 are kept" in result.sentence
    stored = storage.read(path)
    assert stored.checkpoint.step == 23
    assert all(np.isfinite(array).all() for array in stored.checkpoint.weights.values())
    referee = Run(project)
    for _ in referee.snapshots(steps=23):
        pass
    storage.write(tmp_path / "referee.nnstudio", project, referee.checkpoint())
    assert digest(stored.checkpoint) == digest(storage.read(tmp_path / "referee.nnstudio").checkpoint)
    assert nnstudio("train", path).code == 0
    assert storage.read(path).checkpoint.epoch == 5


def test_a_full_memory_is_said_with_a_batch_size_that_fits(
    nnstudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.nnstudio"
    storage.write(path, spirals(epochs=2, batch_size=40, device="cpu", captured=False))

    def full(run, inputs, aims):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr(Run, "plain_step", full)
    result = nnstudio("train", path)
    assert result.code == 1
    assert "memory of this computer is full" in result.sentence
    assert "Batches of 20 fit (tried)" in result.sentence
    assert result.sentence.endswith(f"To go on so: nnstudio train {path} --batch-size 20 --accumulate 2")
    monkeypatch.undo()
    assert nnstudio("train", path, "--batch-size", 20, "--accumulate", 2).code == 0
