"""Texts with labels: tokens as plain Python numbers them, and sentences for tables that hold none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.projects import chain, layer, loss, optimizer
from library.test_sequence_data import assert_written_as_loaded
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.run import Run
from nnstudio.library.datasets import _arrays

ROWS = [
    ("What a lovely film, lovely!", "good"),
    ("Dull. Very dull", "bad"),
    ("I liked it; a film to see", "good"),
    ('He said "no", and left\nearly', "bad"),
    ("\u00c9t\u00e9 \U0001f600", "mixed"),
]


def texts(path: Path, rows: list[tuple[Any, Any]] = ROWS, **settings: Any) -> Dataset:
    frame = pl.DataFrame(rows, schema=["review", "mood"], orient="row", strict=False)
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    made: Dataset = registered(Dataset)["TextClassification"](path=str(path), **settings)
    return made


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NNSTUDIO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "reviews.csv"


def test_words_are_numbered_by_how_common_they_are(file: Path) -> None:
    data = assert_written_as_loaded(texts(file))
    assert data.vocabulary[:7] == ("padding", "unknown", '"', ",", "a", "dull", "film")  # twice each
    assert data.class_names == ("bad", "good", "mixed") and data.targets.tolist() == [1, 0, 1, 0, 2]
    words = [[data.vocabulary[number] for number in row if number] for row in data.inputs]
    assert words[0] == ["what", "a", "lovely", "film", ",", "lovely", "!"]
    assert words[3] == ["he", "said", '"', "no", '"', ",", "and", "left", "early"]
    assert words[4] == ["\u00e9t\u00e9", "\U0001f600"]
    assert data.inputs.shape == (5, 9) and data.inputs.dtype == np.int64 and data.input_type.dtype == "int64"
    counts = Counter(word for line in words for word in line)
    expected = sorted(counts, key=lambda word: (-counts[word], word))
    assert list(data.vocabulary[2:]) == expected


def test_characters_capitals_lengths_and_rare_tokens_can_be_chosen(file: Path) -> None:
    data = assert_written_as_loaded(texts(file, tokens="characters", lower_case=False, length=12, most_tokens=5))
    assert data.inputs.shape == (5, 12) and len(data.vocabulary) == 7
    for row, (line, _) in zip(data.inputs, ROWS, strict=True):
        letters = [letter if letter in data.vocabulary else "unknown" for letter in line[:12]]
        assert [data.vocabulary[number] for number in row] == letters + ["padding"] * (12 - len(letters))
    assert data.notices == ("4 of 5 texts are longer than 12 characters and were cut off.",)


def test_columns_are_guessed_or_chosen(tmp_path: Path, file: Path) -> None:
    frame = pl.DataFrame({"kind": ["a", "b", "a"], "words": ["some longer text", "and one more", "x"], "n": [1, 2, 10]})
    frame.write_csv(file)
    made = registered(Dataset)["TextClassification"]
    data = assert_written_as_loaded(made(path=str(file)))
    assert data.target_name == "n" and data.class_names == ("1", "2", "10")  # numbers by their size
    other = assert_written_as_loaded(made(path=str(file), label="kind"))
    assert other.class_names == ("a", "b") and np.array_equal(other.inputs, data.inputs)
    assert np.array_equal(texts(tmp_path / "a.parquet").load().inputs, texts(file).load().inputs)


def test_other_texts_are_numbered_in_the_same_way(file: Path, tmp_path: Path) -> None:
    dataset: Any = texts(file)
    data = dataset.load()
    assert np.array_equal(dataset.encode_texts([line for line, _ in ROWS]), data.inputs)
    assert [data.vocabulary[number] for number in dataset.encode_texts(["a zebra, dull"])[0][:4]] == [
        "a", "unknown", ",", "dull",
    ]  # fmt: skip
    pl.DataFrame({"review": ["a film", None]}).write_csv(tmp_path / "new.csv")
    pl.DataFrame({"text": ["a film", "b"]}).write_csv(tmp_path / "other.csv")
    assert dataset.encode(tmp_path / "new.csv").shape[1] == 9
    with pytest.raises(ValueError, match=r"^other\.csv has no column 'review', which holds the texts\. Add it\.$"):
        dataset.encode(tmp_path / "other.csv")


def test_many_rows_lie_in_a_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = texts(file).load()
    monkeypatch.setattr(_arrays, "LARGEST_IN_MEMORY", 100)
    for _ in range(2):
        large = texts(file).load()
        assert isinstance(large.inputs, np.memmap) and np.array_equal(large.inputs, small.inputs)


def test_rows_without_text_or_label_are_left_out_and_said(file: Path) -> None:
    data = assert_written_as_loaded(texts(file, [*ROWS, (None, "good"), ("a text", None)]))
    assert data.rows == 5 and data.notices[0] == "2 of 7 rows without a text or a label were left out."


@pytest.mark.parametrize(
    ("rows", "settings", "words"),
    [
        (
            [("a", "x"), ("b", "x")],
            {},
            "holds 1 different labels, but from 2 to 1,000 are needed. Choose another colum",
        ),
        ([(f"a text {n}", f"label {n}") for n in range(1001)], {}, "holds 1,001 different labels"),
        ([], {}, "reviews.csv has no rows below the names of its columns. Add some."),
        (ROWS, {"label": "stars"}, "reviews.csv has no column 'stars': it has 'review', 'mood'. Choose one of its col"),
        (ROWS, {"text": "review", "label": "review"}, "cannot be text and label at once. Choose two columns."),
    ],
)
def test_what_holds_no_labelled_texts_is_a_sentence(file: Path, rows: list, settings: dict, words: str) -> None:
    with pytest.raises(ValueError, match=r"^reviews\.csv.*\.$") as caught:
        texts(file, rows, **settings).load()
    assert words in str(caught.value)


def test_a_network_learns_the_labels(file: Path) -> None:
    random = np.random.default_rng(0)
    words = {"good": ["lovely", "great", "fine"], "bad": ["dull", "poor", "flat"]}
    rows = []
    for number in range(120):
        mood = ("good", "bad")[number % 2]
        line = [*random.choice(["the", "film", "was", "a", "very"], 5), random.choice(words[mood])]
        rows.append((" ".join(random.permutation(line)), mood))
    project = Project(
        chain(
            layer("Input"),
            layer("Embedding", num_embeddings=len(texts(file, rows).load().vocabulary), embedding_dim=8),
            layer("Mean", axes=(1,)),
            layer("Linear", out_features=2),
            layer("Output", loss=loss("CrossEntropyLoss")),
        ),
        DataSettings(texts(file, rows)),
        TrainingSettings(optimizer=optimizer("Adam", lr=0.05), epochs=15, device="cpu"),
    )
    run = Run(project)
    newest = list(run.snapshots())[-1]
    assert newest.history.epochs[-1]["test"]["accuracy"] > 0.95
