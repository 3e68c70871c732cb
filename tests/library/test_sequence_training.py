"""From a file to a trained network: a wave is forecast, and a text is continued, better than without learning."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.projects import chain, dataset, layer, loss, optimizer
from nnstudio.core.kinds import Dataset, Layer, Split
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.export.python import to_python
from nnstudio.engine.run import Run


def trained(project: Project) -> tuple[Run, dict[str, Any]]:
    run = Run(project)
    for snapshot in run.snapshots():
        assert not snapshot.problem
    return run, dict(snapshot.history.epochs[-1])


def test_an_lstm_forecasts_a_wave_better_than_its_last_value(tmp_path: Path) -> None:
    moments = np.arange(600)
    random = np.random.default_rng(0)
    wave = 20 + 5 * np.sin(moments / 5) + 0.1 * random.standard_normal(600)
    lines = [f"2026-01-01 {m // 60:02}:{m % 60:02},{level:.4f}" for m, level in zip(moments, wave, strict=True)]
    (tmp_path / "wave.csv").write_text("when,level\n" + "\n".join(lines))
    data = dataset("TimeSeries", path=str(tmp_path / "wave.csv"), length=12, horizon=3)
    project = Project(
        chain(
            layer("Input"),
            layer("LSTM", hidden_size=12),
            layer("Select", axis=1, index=-1),
            layer("Linear", out_features=1),
            layer("Output", loss=loss("MSELoss")),
        ),
        DataSettings(data, test_share=0.2, split=registered(Split)["TimeSplit"]()),
        TrainingSettings(optimizer=optimizer("Adam", lr=0.02), epochs=12, batch_size=32, device="cpu"),
    )
    run, record = trained(project)
    raw, rows_ = run.prepared.data, run.prepared.test_rows
    assert rows_.tolist() == list(range(rows_[0], raw.rows)), "the end of the series is what is tested"
    last = (raw.inputs[rows_, -1, 0] - wave.mean()) / wave.std()  # the last value of each window, as the target is told
    naive = float(np.mean((raw.targets[rows_, 0] - last) ** 2))
    assert record["test"]["loss"] < naive / 5
    forecast = run.predict(raw.inputs[rows_])
    assert np.mean((forecast - raw.targets[rows_]) ** 2) == pytest.approx(record["test"]["loss"], rel=1e-3)


def test_a_small_gpt_learns_more_than_how_common_each_character_is(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    words = ["the cat", "a dog", "the bird", "a fish", "sees", "likes", "and", "near", "the tree.", "a house.\n"]
    content = " ".join(random.choice(words, 900))
    (tmp_path / "story.txt").write_text(content)
    data = dataset("TextCharacters", path=str(tmp_path / "story.txt"), context=16)
    classes = len(set(content))
    project = Project(
        chain(
            layer("Input"),
            layer("Embedding", num_embeddings=classes, embedding_dim=32),
            layer("LearnedPositions"),
            layer("TransformerEncoderLayer", nhead=4, dim_feedforward=64, dropout=0.0, causal=True),
            layer("Linear", out_features=classes),
            layer("Permute", order=(0, 2, 1)),
            layer("Output", loss=loss("CrossEntropyLoss")),
        ),
        DataSettings(data, test_share=0.2, split=registered(Split)["TimeSplit"]()),
        TrainingSettings(optimizer=optimizer("Adam", lr=0.005), epochs=8, batch_size=32, device="cpu"),
    )
    run, record = trained(project)
    tested = run.prepared.data.targets[run.prepared.test_rows]
    trained_on = run.prepared.data.targets[run.prepared.train_rows]
    share = np.bincount(trained_on.ravel(), minlength=classes) / trained_on.size
    unigram = float(-np.log(share[tested]).mean())
    assert record["test"]["loss"] < 0.5 * unigram < 0.5 * np.log(classes)
    # A place does not see what comes after it: other characters there change nothing.
    rows = run.prepared.data.inputs[:4].copy()
    before = run.predict(rows)
    rows[:, 9:] = (rows[:, 9:] + 1) % classes
    after = run.predict(rows)
    assert before.shape == (4, classes, 16)
    assert np.allclose(before[:, :, :9], after[:, :, :9], atol=1e-6) and not np.allclose(
        before[:, :, 9:], after[:, :, 9:]
    )


def wave_of_two(folder: Path) -> tuple[Dataset, list[Layer]]:
    columns = {
        "who": ["a"] * 80 + ["b"] * 60,
        "when": [*range(80), *range(60)],
        "x": np.sin(np.arange(140) / 4).round(4),
    }
    pl.DataFrame(columns).write_csv(folder / "two.csv")
    settings = {"time_column": "when", "group_column": "who", "length": 6, "horizon": 2, "every_step": True}
    middle = [layer("Flatten"), layer("Linear", out_features=2), layer("Output", loss=loss("MSELoss"))]
    return dataset("TimeSeries", path=str(folder / "two.csv"), **settings), middle


def characters(folder: Path) -> tuple[Dataset, list[Layer]]:
    (folder / "plain.txt").write_text("hello world, how are you?\n" * 40)
    made = dataset("TextCharacters", path=str(folder / "plain.txt"), context=8)
    classes = made.load().classes
    head = [layer("Linear", out_features=classes), layer("Permute", order=(0, 2, 1))]
    table = layer("Embedding", num_embeddings=classes, embedding_dim=4)
    return made, [table, *head, layer("Output", loss=loss("CrossEntropyLoss"))]


@pytest.mark.parametrize("kind", [wave_of_two, characters])
def test_the_exported_script_reads_the_same_rows(tmp_path: Path, kind: Any) -> None:
    made, layers = kind(tmp_path)
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.01), epochs=2, device="cpu")
    project = Project(chain(layer("Input"), *layers), DataSettings(made), training)
    script = tmp_path / "script.py"
    script.write_text(to_python(project))
    command = [sys.executable, str(script), "--json"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
    losses = [json.loads(line)["test"]["loss"] for line in printed.splitlines()][: training.epochs]
    assert losses == [record["test"]["loss"] for record in list(Run(project).snapshots())[-1].history.epochs]
