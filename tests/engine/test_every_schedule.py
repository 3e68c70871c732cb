"""A Run and its script follow every schedule with every optimizer, and both go on from a checkpoint exactly."""

from __future__ import annotations

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.projects import optimizer, schedule, spirals
from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.engine.checkpoint import recipe
from nnstudio.engine.export.python import to_python
from nnstudio.engine.run import Run

# Settings with which something happens within four epochs of eight steps.
SETTINGS: dict[str, dict[str, Any]] = {
    "StepLR": {"step_size": 1},
    "MultiStepLR": {"milestones": (1, 3)},
    "ReduceLROnPlateau": {"patience": 0, "threshold": 0.5},
    "InverseSquareRoot": {"warmup_steps": 6},
    "CosineAnnealingLR": {"every": "step"},
    "LinearWarmup": {"warmup_steps": 11},
}
NAMES = sorted(registered(Schedule))
OPTIMIZERS = sorted(registered(Optimizer))
# Every schedule, and every optimizer at least once.
PAIRS = [(name, OPTIMIZERS[place % len(OPTIMIZERS)]) for place, name in enumerate(NAMES)]
PAIRS += [("OneCycleLR", name) for name in ("Adam", "SGD", "Adagrad")]


def project(name: str, kind: str) -> Project:
    settings = {"momentum": 0.5} if kind == "SGD" else {}
    return spirals(
        optimizer=optimizer(kind, **settings),
        schedule=schedule(name, **SETTINGS.get(name, {})),
        epochs=4,
        batch_size=20,
        device="cpu",
        captured=False,
    )


def trained(run: Run) -> Run:
    for _ in run.snapshots(epochs=4 - run.epoch):
        pass
    return run


def test_every_optimizer_is_among_the_pairs() -> None:
    assert {kind for _, kind in PAIRS} == set(OPTIMIZERS)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_the_script_says_the_same_to_the_last_bit(
    name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(Run(project(name, kind)))
    script = tmp_path / "script.py"
    script.write_text(to_python(project(name, kind)), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", [str(script), "--json"])
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
    *printed, _ = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    for record, own in zip(printed, run.history.epochs, strict=True):
        assert record["train"] == own["train"] and record["test"] == own["test"] and record["lr"] == own["lr"]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@pytest.mark.parametrize("stopped", [3, 21])
def test_resumed_equals_uninterrupted(name: str, kind: str, stopped: int) -> None:
    whole = trained(Run(project(name, kind)))
    first = Run(project(name, kind))
    for _ in first.snapshots(steps=stopped):
        pass
    second = Run(project(name, kind), first.checkpoint())
    assert second.continuation == "exact"
    trained(second)
    for (_, own), (_, other) in zip(whole.network.named_parameters(), second.network.named_parameters(), strict=True):
        assert torch.equal(own, other)
    assert [record["lr"] for record in whole.history.epochs] == [record["lr"] for record in second.history.epochs]


def test_a_training_of_an_older_version_goes_on_exactly() -> None:
    """It wrote fewer settings of the optimizer and of the schedule; what it did not know is at its default."""
    made = project("CosineAnnealingLR", "Adam")
    made = replace(made, training=replace(made.training, schedule=schedule("CosineAnnealingLR")))
    run = Run(made)
    for _ in run.snapshots(steps=3):
        pass
    written = run.checkpoint()
    older = dict(written.recipe)
    for name, gone in [("optimizer", ("amsgrad", "maximize")), ("schedule", ("every",))]:
        recorded = json.loads(older[name])
        for setting in gone:
            del (recorded[0] if name == "schedule" else recorded)["settings"][setting]
        older[name] = json.dumps(recorded, sort_keys=True)
    assert older != written.recipe
    assert Run(made, replace(written, recipe=older)).continuation == "exact"
    older["optimizer"] = older["optimizer"].replace("0.999", "0.99")
    assert Run(made, replace(written, recipe=older)).continuation == "carried"
    assert recipe(made, run.network.order)["optimizer"] == written.recipe["optimizer"]
