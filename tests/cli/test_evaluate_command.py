"""`nnstudio evaluate`: the close look at one part."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from sklearn import metrics

from engine.projects import chain, dataset, layer, loss, optimizer
from nnstudio.core import storage
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.run import Run


@pytest.fixture
def numbers(tmp_path, nnstudio):
    """A trained regression."""
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss")))
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.05), epochs=8, device="cpu")
    path = tmp_path / "numbers.nnstudio"
    storage.write(path, Project(graph, DataSettings(dataset("Diabetes")), training))
    assert nnstudio("train", path).code == 0
    return path


def test_figures_are_those_of_scikit_learn(nnstudio, trained) -> None:
    said = json.loads(nnstudio("evaluate", trained, "--json").out)["figures"]
    assert set(said) == {"test"}
    stored = storage.read(trained)
    run = Run(stored.project, stored.checkpoint)
    data, rows = run.prepared.data, run.prepared.test_rows
    predicted, truth = run.predict(data.inputs[rows]).argmax(axis=1), data.targets[rows]
    found = said["test"]
    assert found["confusion"] == metrics.confusion_matrix(truth, predicted, labels=range(3)).tolist()
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    recall = metrics.recall_score(truth, predicted, average=None, zero_division=0)
    assert [item["recall"] for item in found["classes"]] == pytest.approx(recall.tolist())
    assert [item["rows"] for item in found["classes"]] == np.bincount(truth).tolist()
    assert set(found["worst"]) <= set(rows[predicted != truth].tolist())


def test_it_is_said_in_words_too(nnstudio, trained) -> None:
    out = nnstudio("evaluate", trained).out
    assert "30 test rows:" in out and "brier score" in out and "true, predicted as" in out
    assert "120 training rows:" in nnstudio("evaluate", trained, "--part", "train").out


def test_a_part_without_rows_is_refused(nnstudio, trained) -> None:
    result = nnstudio("evaluate", trained, "--part", "validation")
    assert result.code == 1
    assert result.sentence.endswith("There are no validation rows. Give them a share of the rows in the Data panel.")


def test_truth_and_prediction_of_every_row_are_written(nnstudio, trained, tmp_path) -> None:
    out = tmp_path / "rows.csv"
    assert nnstudio("evaluate", trained, "--part", "train", "--output", out).code == 0
    names, *lines = csv.reader(out.read_text("utf-8").splitlines())
    assert names[:3] == ["row", "true", "predicted"] and names[3] == "probability setosa"
    stored = storage.read(trained)
    run = Run(stored.project, stored.checkpoint)
    assert [int(line[0]) for line in lines] == run.prepared.train_rows.tolist()
    classes = run.prepared.data.class_names
    assert [line[1] for line in lines] == [classes[k] for k in run.prepared.data.targets[run.prepared.train_rows]]
    assert all(sum(map(float, line[3:])) == pytest.approx(1) for line in lines)
    assert nnstudio("evaluate", trained, "--output", trained).code == 2


def test_numbers_have_residuals(nnstudio, numbers, tmp_path) -> None:
    found = json.loads(nnstudio("evaluate", numbers, "--json").out)["figures"]["test"]
    stored = storage.read(numbers)
    run = Run(stored.project, stored.checkpoint)
    rows = run.prepared.test_rows
    said, truth = run.predict(run.prepared.data.inputs[rows]), run.prepared.data.targets[rows]
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, said))
    assert found["residual_95%"] == pytest.approx(np.quantile(truth - said, 0.95), abs=1e-6)
    assert found["worst"][0] == rows[np.abs(truth - said)[:, 0].argmax()]
    out = tmp_path / "rows.csv"
    assert nnstudio("evaluate", numbers, "--output", out).code == 0
    assert len(out.read_text("utf-8").splitlines()) == 1 + len(rows)
    assert "rmse" in nnstudio("evaluate", numbers).out
