"""`nnstudio predict`: arrays, pictures, tables with words in them, and texts."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_iris

from engine.projects import chain, dataset, layer, loss, optimizer
from nnstudio.core import storage
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.run import Run


def lines_of(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def classifier(data, classes: int, *before) -> Project:
    graph = chain(
        layer("Input"), *before, layer("Linear", out_features=classes), layer("Output", loss=loss("CrossEntropyLoss"))
    )
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.02), epochs=4, batch_size=32, device="cpu")
    return Project(graph, DataSettings(data), training)


@pytest.fixture
def digits(tmp_path, nnstudio):
    path = tmp_path / "digits.nnstudio"
    storage.write(path, classifier(dataset("Digits"), 10, layer("Flatten")))
    assert nnstudio("train", path).code == 0
    return path


def test_an_array_is_predicted_as_it_is(nnstudio, trained, tmp_path) -> None:
    X, _ = load_iris(return_X_y=True)
    np.save(tmp_path / "rows.npy", X[::40])
    np.savez(tmp_path / "rows.npz", X=X[::40], y=np.zeros(4))
    np.save(tmp_path / "one.npy", X[0])
    stored = storage.read(trained)
    run = Run(stored.project, stored.checkpoint)
    said = nnstudio("predict", trained, tmp_path / "rows.npy").out
    names = [run.prepared.data.class_names[k] for k in run.predict(X[::40]).argmax(axis=1)]
    assert [line[0] for line in lines_of(said)[1:]] == names
    assert nnstudio("predict", trained, tmp_path / "rows.npz").out == said
    one = lines_of(nnstudio("predict", trained, tmp_path / "one.npy").out)
    assert one[0] == lines_of(said)[0] and one[1][0] == names[0]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 5)), "needs the shape rows × 4, but has 3 × 5"),
        (np.zeros((0, 4)), "has no rows"),
        (np.full((2, 4), np.nan), "row 1 holds a value that is not a number"),
        (np.array([["a"] * 4]), "numbers are needed"),
        (np.float64(1), "but has a single number"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(nnstudio, trained, tmp_path, array, words) -> None:
    np.save(tmp_path / "rows.npy", array)
    result = nnstudio("predict", trained, tmp_path / "rows.npy")
    assert result.code == 2 and words in result.sentence


def test_damaged_and_pickled_arrays_are_refused(nnstudio, trained, tmp_path) -> None:
    (tmp_path / "rows.npy").write_bytes(b"\x93NUMPY\x01\x00not an array")
    assert "cannot be read as an array" in nnstudio("predict", trained, tmp_path / "rows.npy").sentence
    np.save(tmp_path / "objects.npy", np.array([{}, {}], object), allow_pickle=True)
    result = nnstudio("predict", trained, tmp_path / "objects.npy")
    assert result.code == 2 and "cannot be read as an array" in result.sentence
    assert "No such file" in nnstudio("predict", trained, tmp_path / "absent.npy").sentence


def test_pictures_are_scaled_as_the_data_is(nnstudio, digits, tmp_path) -> None:
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    images = load_digits().images[:3]
    for place, image in enumerate(images):
        name = folder / f"{place}.png" if place < 2 else folder / "more" / "last.png"
        Image.fromarray(np.rint(image / 16 * 255).astype(np.uint8)).save(name)
    result = nnstudio("predict", digits, folder)
    names, *lines = lines_of(result.out)
    assert names[:2] == ["row", "prediction"] and [line[0] for line in lines] == ["0.png", "1.png", "more/last.png"]
    assert "scaled to 0 for black and 1 for white" in result.sentence
    stored = storage.read(digits)
    run = Run(stored.project, stored.checkpoint)
    expected = run.predict((np.rint(images / 16 * 255) / 255)[:, None].astype(np.float32)).argmax(axis=1)
    assert [line[1] for line in lines] == [str(k) for k in expected]
    assert lines_of(nnstudio("predict", digits, folder / "1.png").out)[1][:2] == lines[1][:2]


def test_pictures_that_are_none_are_refused(nnstudio, digits, trained, tmp_path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n then nothing")
    assert "broken.png cannot be read as a picture" in nnstudio("predict", digits, tmp_path / "broken.png").sentence
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no pictures" in nnstudio("predict", digits, empty).sentence
    assert "which are no pictures" in nnstudio("predict", trained, tmp_path / "broken.png").sentence


def test_words_of_a_table_become_what_they_were(nnstudio, tmp_path) -> None:
    table = tmp_path / "sales.csv"
    rows = [("red" if n % 2 else "blue", n % 7, "yes" if n % 2 else "no") for n in range(40)]
    table.write_text("colour,size,bought\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    path = tmp_path / "sales.nnstudio"
    storage.write(path, classifier(dataset("TableFile", path=str(table), target="bought"), 2))
    assert nnstudio("train", path, "--epochs", "30").code == 0
    asked = tmp_path / "asked.csv"
    asked.write_text("size,colour\n3,blue\n3,red\n")
    result = nnstudio("predict", path, asked)
    assert [line[0] for line in lines_of(result.out)[1:]] == ["no", "yes"], result.err
    asked.write_text("size,colour\n3,green\n")
    result = nnstudio("predict", path, asked)
    assert result.code == 2 and "green" in result.sentence
    asked.write_text("size,weight\n3,4\n")
    assert "colour" in nnstudio("predict", path, asked).sentence


def test_a_text_is_continued_the_same_for_the_same_seed(nnstudio, tmp_path) -> None:
    story = tmp_path / "story.txt"
    story.write_text("the quick brown fox jumps over the lazy dog. " * 40)
    data = dataset("TextCharacters", path=str(story), context=16)
    letters = len(set(story.read_text()))
    graph = chain(
        layer("Input"),
        layer("Embedding", num_embeddings=letters, embedding_dim=12),
        layer("GRU", hidden_size=32),
        layer("Linear", out_features=letters),
        layer("Transpose"),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.02), epochs=12, batch_size=16, device="cpu")
    path = tmp_path / "story.nnstudio"
    storage.write(path, Project(graph, DataSettings(data), training))
    assert nnstudio("train", path).code == 0
    beginning = tmp_path / "beginning.txt"
    beginning.write_text("the quick \n")
    words = ("predict", path, beginning, "--length", "60")
    first = nnstudio(*words, "--seed", "3").out
    assert first.startswith("the quick ") and len(first) == 10 + 60 + 1
    assert nnstudio(*words, "--seed", "3").out == first
    bold = nnstudio(*words, "--seed", "3", "--temperature", "4").out
    assert bold != nnstudio(*words, "--seed", "4", "--temperature", "4").out
    sure = nnstudio(*words, "--temperature", "0").out
    assert sure == nnstudio(*words, "--top-k", "1").out
    assert "brown fox" in sure
    beginning.write_text("the 7")
    result = nnstudio(*words)
    assert result.code == 2 and "'7' is not among" in result.sentence


def test_rows_are_named_once(nnstudio, trained, tmp_path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("1,2,3,4\n")
    assert nnstudio("predict", trained, rows).out == nnstudio("predict", trained, "--input", rows).out
    assert "one word too many" in nnstudio("predict", trained, rows, "--input", rows).sentence
