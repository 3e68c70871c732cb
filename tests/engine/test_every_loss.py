"""A network trains with every loss, its figures are those of the values that a person reads, and its script agrees."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.every_loss import CASES, IDS, Case, project
from nnstudio.cli.predict import predictions
from nnstudio.core.kinds import Loss
from nnstudio.core.spec import registered
from nnstudio.engine.export.python import to_python
from nnstudio.engine.run import Run


def test_every_loss_is_among_the_cases() -> None:
    assert {type(made).__name__ for made, *_ in CASES} == set(registered(Loss))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_it_learns_and_its_figures_are_of_what_a_person_reads(case: Case) -> None:
    run = Run(project(*case))
    for _ in run.snapshots():
        pass
    first, last = run.history.epochs[0], run.history.epochs[-1]
    assert last["train"]["loss"] < first["train"]["loss"]
    data = run.prepared.data
    output = torch.from_numpy(run.predict(data.inputs))
    rows = run.prepared.test_rows
    if data.classes:
        right = case[0].classes(output).numpy() == data.targets
        assert last["test"]["accuracy"] == pytest.approx(right[rows].mean()) and last["test"]["accuracy"] > 0.6
    else:
        values = case[0].probabilities(output).numpy()
        assert values.shape == data.targets.shape
        assert last["test"]["mae"] == pytest.approx(np.abs(values - data.targets)[rows].mean(), rel=1e-5)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_script_says_the_same_to_the_last_bit(
    case: Case,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Run(project(*case))
    for _ in run.snapshots():
        pass
    script = tmp_path / "script.py"
    script.write_text(to_python(project(*case)), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", [str(script), "--json"])
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
    *printed, _ = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    for record, own in zip(printed, run.history.epochs, strict=True):
        assert record["train"] == own["train"] and record["test"] == own["test"]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_predictions_name_what_they_are(case: Case) -> None:
    """Probabilities where the loss makes such, scores where it does not, one class for each place, or values."""
    run = Run(project(*case))
    inputs = run.prepared.data.inputs[:5]
    names, *lines = predictions(run, inputs)
    data, output = run.prepared.data, torch.from_numpy(run.predict(inputs))
    assert len(lines) == 5 and {len(line) for line in lines} == {len(names)}
    if not data.classes:
        found = np.array(lines, np.float32)
        assert np.array_equal(found, case[0].probabilities(output).numpy())
        assert len(names) == data.targets.shape[1]
        return
    expected = case[0].classes(output).reshape(5, -1).numpy()
    words = np.array(data.class_names)[expected]
    if data.targets.ndim > 1:
        assert names == ["prediction 1", "prediction 2", "prediction 3"] and np.array_equal(lines, words)
        return
    assert [line[0] for line in lines] == words[:, 0].tolist()
    scores = type(case[0]).__name__ in ("MultiMarginLoss", "MSELoss")
    assert names[1:] == [f"{'score' if scores else 'probability'} {name}" for name in data.class_names]
