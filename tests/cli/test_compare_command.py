"""`nnstudio compare`: classical models beside the network."""

from __future__ import annotations

import json

import pytest

from engine.projects import iris
from nnstudio.core import storage
from nnstudio.engine.comparison import compare
from nnstudio.engine.run import Run


def test_each_model_is_a_line_of_json(nnstudio, trained) -> None:
    *models, last = map(json.loads, nnstudio("compare", trained, "--json").out.splitlines())
    assert models[0]["name"] == "Network" and len(models) == 5
    assert last == {"done": True, "notes": [], "rows": {"train": 120, "test": 30}}
    stored = storage.read(trained)
    run = Run(stored.project, stored.checkpoint)
    for said, expected in zip(models, compare(run.prepared, "classification", run), strict=True):
        assert said["test"]["accuracy"][0] == expected.test["accuracy"].value
        assert said["test"]["log_loss"] == pytest.approx(
            [expected.test["log_loss"].value, expected.test["log_loss"].low, expected.test["log_loss"].high]
        )
        assert said["sentence"] == expected.sentence


def test_it_is_said_in_words_too(nnstudio, trained) -> None:
    out = nnstudio("compare", trained).out
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["model", "test", "accuracy"]
    assert [line.split("  ")[0] for line in lines[1:6]][:2] == ["Network", "Most frequent class"]
    assert "Network: It has 739 parameters and was trained for 40 epochs." in lines
    assert "than the network by" in out and "with 30 test rows that is" in out


def test_without_weights_the_others_are_compared(nnstudio, flowers) -> None:
    result = nnstudio("compare", flowers)
    assert result.code == 0
    assert "has no weights yet, so the network is left out" in result.sentence
    assert "Network" not in result.out and "Logistic regression" in result.out


def test_what_cannot_be_compared_is_refused(nnstudio, tmp_path) -> None:
    path = tmp_path / "few.nnstudio"
    from engine.projects import dataset

    storage.write(path, iris().with_data(dataset=dataset("XOR"), test_share=0.0))
    result = nnstudio("compare", path)
    assert result.code == 1
    assert "at least 5 training rows; there are 4" in result.err
