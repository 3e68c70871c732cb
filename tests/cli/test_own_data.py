"""From a file of each kind to a trained network and its predictions, by the command line alone."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nnstudio.__main__ import main

GENERATOR = 20_261_121


def table(folder: Path) -> Path:
    """A price that follows from area, rooms and town, with a few cells missing."""
    random = np.random.default_rng(GENERATOR)
    lines = ["area,rooms,town,price"]
    for number in range(300):
        area, rooms, town = random.uniform(40, 200), random.integers(1, 6), random.choice(["Bern", "Basel", "Chur"])
        price = 5 * area + 20 * rooms + {"Bern": 100, "Basel": 50, "Chur": 0}[town] + random.normal(0, 10)
        lines.append(f"{'' if number % 50 == 7 else f'{area:.1f}'},{rooms},{town},{price:.1f}")
    return written(folder / "houses.csv", "\n".join(lines))


def series(folder: Path) -> Path:
    values = [f"{step},{np.sin(step / 7) + 0.3 * np.sin(step / 3):.5f}" for step in range(600)]
    return written(folder / "wave.csv", "\n".join(["t,load", *values]))


def text(folder: Path) -> Path:
    return written(folder / "tale.txt", "the quick brown fox jumps over the lazy dog and runs away. " * 60)


def labelled_texts(folder: Path) -> Path:
    random = np.random.default_rng(GENERATOR)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["text", "label"])
    for _ in range(160):
        spam = random.random() < 0.5
        writer.writerow(
            [f"{'win money now' if spam else 'meeting at noon'} {random.integers(99)}", "spam" if spam else "ham"]
        )
    return written(folder / "mails.csv", file.getvalue())


def arrays(folder: Path) -> Path:
    random = np.random.default_rng(GENERATOR)
    X = np.concatenate([random.normal(0, 1, (150, 5)), random.normal(3, 1, (150, 5))]).astype(np.float32)
    np.savez(folder / "blobs.npz", X=X, y=np.repeat([0, 1], 150))
    return folder / "blobs.npz"


def picture(kind: str, random: np.random.Generator, side: int = 24) -> Image.Image:
    image = Image.new("L", (side, side), 0)
    left, top, size = (int(number) for number in random.integers((1, 1, 10), (8, 8, 15)))
    draw = ImageDraw.Draw(image)
    shape = draw.ellipse if kind == "circle" else draw.rectangle
    shape([left, top, left + size, top + size], fill=int(random.integers(120, 255)))
    return image


def folders_of_pictures(folder: Path) -> Path:
    random = np.random.default_rng(GENERATOR)
    for kind in ("circle", "square"):
        (folder / "shapes" / kind).mkdir(parents=True)
        for number in range(50):
            picture(kind, random).save(folder / "shapes" / kind / f"{number}.png")
    return folder / "shapes"


def idx(folder: Path) -> Path:
    """The files of MNIST: pictures and labels, packed."""
    random = np.random.default_rng(GENERATOR)
    kinds = random.integers(0, 2, 120)
    pictures = np.stack([np.asarray(picture(("circle", "square")[kind], random)) for kind in kinds])
    header = struct.pack(">4B3I", 0, 0, 8, 3, *pictures.shape)
    place = folder / "train-images-idx3-ubyte.gz"
    place.write_bytes(gzip.compress(header + pictures.tobytes()))
    labels = struct.pack(">4BI", 0, 0, 8, 1, len(kinds)) + kinds.astype(np.uint8).tobytes()
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    return place


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


# How the file is made, what is said beside it, how many epochs, the figure of the test rows and what it must reach.
KINDS: dict[str, tuple[Callable[[Path], Path], list[str], int, str, float]] = {
    "a table": (table, ["--set", "missing=mean"], 150, "r2", 0.85),
    "a time series": (series, ["--as", "TimeSeries", "--set", "target=load", "--set", "length=12"], 12, "r2", 0.9),
    "a text": (text, ["--set", "context=24", "--set", "stride=8"], 8, "accuracy", 0.5),
    "labelled texts": (labelled_texts, ["--as", "TextClassification"], 4, "accuracy", 0.95),
    "arrays": (arrays, [], 8, "accuracy", 0.95),
    "folders of pictures": (folders_of_pictures, ["--set", "width=24", "--set", "height=24"], 12, "accuracy", 0.85),
    "MNIST's files": (idx, [], 12, "accuracy", 0.85),
}


@pytest.mark.parametrize("kind", KINDS)
def test_from_a_file_to_predictions(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, more, epochs, figure, wanted = KINDS[kind]
    data, project = make(tmp_path), tmp_path / "mine.nnstudio"

    def nnstudio(*words: object) -> str:
        assert main([str(word) for word in words]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    nnstudio("new", "--data", data, project, *more)
    last = json.loads(nnstudio("train", project, "--epochs", epochs, "--json").splitlines()[-1])
    assert last["done"] and last["test"][figure] >= wanted
    evaluated = json.loads(nnstudio("evaluate", project, "--json").splitlines()[-1])
    assert evaluated["test"][figure] == pytest.approx(last["test"][figure])
    given = data if data.is_file() else data / "circle" / "3.png"
    predicted = nnstudio("predict", project, given).splitlines()
    assert predicted and predicted[0]
    if kind == "folders of pictures":
        assert predicted[1].startswith("3.png,circle,")
    if kind == "a table":
        rows = data.read_text().splitlines()[1:]
        told = np.array([float(line.split(",")[-1]) for line in predicted[1:]])
        true = np.array([float(line.split(",")[-1]) for line in rows])
        assert len(told) == len(true) and np.corrcoef(told, true)[0, 1] > 0.9


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = written(tmp_path / "a.xyz", "1")
    empty = written(tmp_path / "a.csv", "")
    for words, said in (
        (["new", tmp_path / "p.nnstudio"], "Name an example, or a file of data with --data"),
        (["new", "iris", tmp_path / "p.nnstudio", "--data", odd], "Name an example, or a file of data"),
        (["new", "--data", odd, tmp_path / "p.nnstudio"], "a.xyz is not read: .xyz files are none of"),
        (["new", "--data", tmp_path / "none.csv", tmp_path / "p.nnstudio"], "none.csv cannot be read: No such file"),
        (["new", "--data", empty, tmp_path / "p.nnstudio"], "a.csv"),
        (["new", "--data", odd, "--as", "Odd", tmp_path / "p.nnstudio"], "--as needs one of ArrayFile"),
        (
            ["new", "--data", empty, "--set", "odd=1", tmp_path / "p.nnstudio"],
            "--set needs NAME=VALUE with a setting of",
        ),
        (["new", "iris", tmp_path / "p.nnstudio", "--set", "target=a"], "give one with --data"),
    ):
        assert main([str(word) for word in words]) != 0
        out, error = capsys.readouterr()
        assert not out and error.count("\n") == 1 and said in error
        assert not (tmp_path / "p.nnstudio").exists()
