"""`nnstudio predict`: rows of a CSV file, and what can be wrong with them."""

from __future__ import annotations

import csv
import os

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris

from engine.projects import chain, dataset, layer, loss, optimizer, spirals
from nnstudio.core import storage
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.run import Run

HEADER = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)"


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def test_classes_and_probabilities_are_those_of_the_run(nnstudio, trained, tmp_path) -> None:
    X, _ = load_iris(return_X_y=True)
    rows = tmp_path / "rows.csv"
    rows.write_text(HEADER + "\n" + "\n".join(",".join(map(str, row)) for row in X[::30].tolist()) + "\n")
    stored = storage.read(trained)
    run = Run(stored.project, stored.checkpoint)
    expected = torch.softmax(torch.from_numpy(run.predict(X[::30])), dim=1).numpy()
    names, *lines = read_csv(nnstudio("predict", trained, "--input", rows).out)
    assert names == ["prediction", "probability setosa", "probability versicolor", "probability virginica"]
    assert [line[0] for line in lines] == [run.prepared.data.class_names[k] for k in expected.argmax(1)]
    assert np.array_equal(np.array([line[1:] for line in lines], np.float32), expected)

    out = tmp_path / "out.csv"
    assert nnstudio("predict", trained, "--input", rows, "--output", out).code == 0
    assert read_csv(out.read_text("utf-8")) == [names, *lines]


SAME = [
    HEADER + "\n5.1,3.5,1.4,0.2\n",
    "\ufeff" + HEADER + "\r\n5.1,3.5,1.4,0.2\r\n",
    "Petal_Width_cm,id,SEPAL LENGTH (cm),sepal width cm,petal length (cm)\n0.2,seven,5.1,3.5,1.4\n",
    HEADER.replace(",", ";") + "\n5.1;3.5;1.4;0.2\n",
    "5.1,3.5,1.4,0.2\n",
    "a,b,c,d\n5.1,3.5,1.4,0.2\n\n",
    "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n",
    "petal width,petal length,sepal width,sepal length\n0.2,1.4,3.5,5.1\n",
    f",{HEADER},\n0,5.1,3.5,1.4,0.2,\n",
    f'"{HEADER.replace(",", chr(34) + "," + chr(34))}"\n"5.1","3.5"," 1.4 ",2e-1\n',
]


@pytest.mark.parametrize("text", SAME)
def test_columns_are_found_by_name_or_by_place(nnstudio, trained, tmp_path, text) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(SAME[0], encoding="utf-8")
    expected = nnstudio("predict", trained, "--input", rows).out
    rows.write_bytes(text.encode())
    assert nnstudio("predict", trained, "--input", rows).out == expected


BAD_ROWS = {
    "missing column": (HEADER.replace("petal width", "petal wdith") + "\n1,2,3,4\n", "no column 'petal width (cm)'"),
    "one column too few": ("1,2,3\n", "3 columns, but the network takes 4"),
    "text for a number": (HEADER + "\n1,2,3,4\n1,2,many,4\n", "line 3, column 'petal length (cm)' is 'many'"),
    "no value": (HEADER + "\n1,2,,4\n", "line 2, column 'petal length (cm)' is empty"),
    "short line": (HEADER + "\n1,2,3,4\n1,2\n", "line 3"),
    "infinite": ("1,2,3,inf\n", "'inf'"),
    "not a number": ("1,2,3,nan\n", "'nan'"),
    "column twice": (HEADER + ",petal width (cm)\n1,2,3,4,5\n", "two columns"),
    "empty": ("", "is empty"),
    "only names": (HEADER + "\n", "no rows"),
    "open quote": (HEADER + '\n1,2,3,"4\n', "CSV"),
    "not UTF-8": (b"\xff\xfe\x00caf\xe9", "UTF-8"),
    "UTF-16": ((HEADER + "\n1,2,3,4\n").encode("utf-16"), "UTF-8"),
    "long line": (HEADER + "\n1,2,3,4,5,6\n", "line 2: the line has 6 columns, but the first line has 4"),
    "decimal comma": (HEADER.replace(",", ";") + "\n5,1;3;1;0\n", "'5,1', but a number with a decimal point is needed"),
    "first row damaged": ("oops,2,3,4\n1,2,3,4\n", "line 1, column 1 is 'oops'"),
    "first value absent": (",2,3,4\n1,2,3,4\n", "line 1, column 1 is empty"),
    "NUL": (HEADER + "\n1,2\0,3,4\n", "line 2, column 'sepal width (cm)'"),
    "beyond a float64": (HEADER + "\n1e400,2,3,4\n", "'1e400'"),
    "beyond a float32": (HEADER + "\n1e39,2,3,4\n", "'1e39', which is too large"),
    "a million columns": ("a," * 1_000_000 + "\n", "no column 'sepal length (cm)'"),
    "one endless line": ("1," * 3_000_000, "characters"),
    "a cell without end": (HEADER + '\n"' + "1\n" * 200_000, "quotation mark"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "UTF-8"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows(nnstudio, trained, tmp_path, case) -> None:
    text, expected = BAD_ROWS[case]
    rows = tmp_path / "rows.csv"
    rows.write_bytes(text if isinstance(text, bytes) else text.encode())
    before, listed = trained.read_bytes(), sorted(os.listdir(tmp_path))
    result = nnstudio("predict", trained, "--input", rows, "--output", tmp_path / "out.csv")
    assert result.code == 2
    assert result.out == ""
    assert "rows.csv" in result.sentence and expected in result.sentence
    assert trained.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == listed


def test_names_that_are_of_no_feature_are_said(nnstudio, trained, tmp_path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b,c,d\n5.1,3.5,1.4,0.2\n")
    result = nnstudio("predict", trained, "--input", rows)
    assert result.code == 0
    assert "taken in their order (sepal length (cm)" in result.sentence


def test_an_output_that_is_no_number_names_no_class(nnstudio, trained, tmp_path) -> None:
    rows, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    rows.write_text("1,2,3,4\n3e38,2,3,4\n")
    result = nnstudio("predict", trained, "--input", rows, "--output", out)
    assert result.code == 1 and "row 2 is not a number" in result.sentence
    assert not out.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_pipe_is_not_waited_for(nnstudio, trained, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for word in ("--input", "--output"):
        rows = tmp_path / "rows.csv"
        rows.write_text(SAME[0])
        words = {"--input": rows, word: tmp_path / "pipe"}
        result = nnstudio("predict", trained, *[part for pair in words.items() for part in pair])
        assert result.code == 2 and "not a file" in result.sentence


def test_a_file_that_is_not_there(nnstudio, trained, tmp_path) -> None:
    result = nnstudio("predict", trained, "--input", tmp_path / "none.csv")
    assert result.code == 2 and "cannot be read: No such file" in result.sentence
    assert nnstudio("predict", trained, "--input", tmp_path).code == 2


def test_nothing_is_written_over_what_is_read(nnstudio, trained, tmp_path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(SAME[0])
    for output in (rows, trained):
        assert nnstudio("predict", trained, "--input", rows, "--output", output).code == 2
    assert rows.read_text() == SAME[0]


def test_one_output_gives_both_probabilities(nnstudio, tmp_path) -> None:
    path, rows = tmp_path / "s.nnstudio", tmp_path / "rows.csv"
    storage.write(path, spirals(epochs=1, device="cpu"))
    nnstudio("train", path)
    rows.write_text("0.1,0.2\n-0.5,0.3\n")
    names, *lines = read_csv(nnstudio("predict", path, "--input", rows).out)
    assert len(names) == 3
    for line in lines:
        shares = [float(text) for text in line[1:]]
        assert sum(shares) == pytest.approx(1)
        assert names[1 + int(np.argmax(shares))] == f"probability {line[0]}"


def test_a_regression_gives_the_value(nnstudio, tmp_path) -> None:
    path, rows = tmp_path / "d.nnstudio", tmp_path / "rows.csv"
    project = Project(
        chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss"))),
        DataSettings(dataset("Diabetes")),
        TrainingSettings(optimizer=optimizer("Adam", lr=0.1), epochs=1, device="cpu"),
    )
    storage.write(path, project)
    nnstudio("train", path)
    stored = storage.read(path)
    run = Run(stored.project, stored.checkpoint)
    X = run.prepared.data.inputs[:3]
    rows.write_text("\n".join(",".join(map(str, row)) for row in X.tolist()))
    names, *lines = read_csv(nnstudio("predict", path, "--input", rows).out)
    assert names == [run.prepared.data.target_name]
    assert np.array_equal(np.array(lines, np.float32), run.predict(X))
