"""The exported script reads, divides, fills in, scales and changes rows as a Run does, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
import pytest

from engine.projects import chain, dataset, layer, loss, optimizer
from engine.scripts import Printed, assert_linted, assert_the_same, printed_by_all
from library.pictures import drawn_folder, photo, write_cifar, write_idx
from library.tables import MIXED, text_file
from nnstudio.core.data import Data
from nnstudio.core.kinds import Augmentation, Dataset, Split
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.sources import fingerprint, hold
from nnstudio.core.spec import field, registered
from nnstudio.engine import data as engine_data
from nnstudio.engine.compiler import GraphError
from nnstudio.engine.export.python import to_python

_SOURCE = """
import numpy as np


def drawn():
    draw = np.random.default_rng(0)
    return draw.normal(size=(90, 4)), draw.integers(0, 3, 90)


X, y = drawn()
groups = np.arange(90) // 6
times = 100.0 - np.arange(90)
parts = np.repeat(np.array([0, 1, 2], np.int8), [60, 20, 10])
"""
_CHANGES = {
    "": "",
    "missing": "X[::7, 1] = np.nan\nX[5:9, 2] = np.nan\n",
    "missing in float32": "X = X.astype(np.float32)\nX[::7, 1] = np.nan\n",
    "missing everywhere": "X[:, 3] = np.nan\n",
    "bytes": "X = (60 + 50 * X).clip(0, 255).astype(np.uint8)\n",
    "pictures": "X = np.random.default_rng(1).integers(0, 256, (90, 3, 6, 4), dtype=np.uint8)\nX[:, 2] = 7\n",
    "pictures of numbers": "X = np.random.default_rng(1).normal(size=(90, 1, 6, 6))\n",
}


class Drawn(Dataset, abstract=True):
    """Rows drawn at random, with groups, times and parts."""

    change: str = field("", "What is done to the inputs.", choices=tuple(_CHANGES))
    fill: str = field("", "How what is missing is filled in.")

    def load(self) -> Data:
        names: dict[str, Any] = {}
        exec(self.source(), names)
        beside = {name: names[name] for name in ("groups", "times", "parts")}
        return Data(names["X"], names["y"], "classification", (), ("a", "b", "c"), fill=self.fill, **beside)

    def source(self) -> str:
        return _SOURCE.lstrip() + _CHANGES[self.change]


def project(data: Dataset, *, training: dict[str, Any] | None = None, **settings: Any) -> Project:
    """A small network for these rows, two epochs."""
    rows = data.load()
    classes = rows.task == "classification"
    tokens = rows.input_type.dtype == "int64"
    first = [layer("Embedding", num_embeddings=400, embedding_dim=4)] if tokens else []
    if rows.targets.ndim > 1 and classes:  # a class for each place
        middle = [layer("Linear", out_features=rows.classes), layer("Permute", order=(0, 2, 1))]
    else:
        flat = [layer("Flatten")] if len(rows.inputs.shape) > 2 or tokens else []
        middle = [*flat, layer("Linear", out_features=rows.classes or rows.targets.shape[1])]
    end = layer("Output", loss=loss("CrossEntropyLoss" if classes else "MSELoss"))
    chosen = {"optimizer": optimizer("Adam", lr=0.01), "epochs": 2, "batch_size": 16, "device": "cpu"}
    training_settings = TrainingSettings(**chosen | (training or {}))  # type: ignore[arg-type]
    return Project(chain(layer("Input"), *first, *middle, end), DataSettings(data, **settings), training_settings)


def split(name: str, **settings: Any) -> Split:
    return registered(Split)[name](**settings)


def changed(*names: str, **settings: Any) -> tuple[Augmentation, ...]:
    return tuple(registered(Augmentation)[name](**settings) for name in names)


def again(**settings: Any) -> Project:
    """A network that is to give pictures back, as they were changed at random."""
    graph = chain(
        layer("Input"),
        layer("Conv2d", out_channels=3, kernel_size=3, padding=1),
        layer("Output", loss=loss("MSELoss"), target="input"),
    )
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.01), epochs=2, device="cpu", **settings)
    noise = changed("GaussianNoise", std=0.3)
    return Project(graph, DataSettings(Drawn(change="pictures"), validation_share=0.2, augmentations=noise), training)


PLAIN = Drawn()
PICTURES = Drawn(change="pictures")
ALL_CHANGES = changed(*sorted(registered(Augmentation)))
DIVIDED: dict[str, Project] = {
    "a validation part": project(PLAIN, validation_share=0.25),
    "a validation part alone": project(PLAIN, test_share=0.0, validation_share=0.25),
    "one part": project(PLAIN, test_share=0.0),
    "stratified": project(PLAIN, validation_share=0.25, split=split("StratifiedSplit")),
    "by group": project(PLAIN, validation_share=0.25, split=split("GroupSplit")),
    "by time": project(PLAIN, validation_share=0.25, split=split("TimeSplit", gap=3.0)),
    "by time, one part aside": project(PLAIN, split=split("TimeSplit")),
    "one fold": project(PLAIN, split=split("KFold", fold=3, stratified=True)),
    "one fold, alone": project(PLAIN, test_share=0.0, validation_share=0.2, split=split("KFold", folds=4)),
    "as the data says": project(PLAIN, validation_share=0.1, split=split("GivenSplit")),
    "a split that takes no rows": project(PLAIN, test_share=0.0, split=split("GivenSplit")),
}
SCALED: dict[str, Project] = {
    **{
        f"{change}, {fill}, {'standardised' if standardise else 'as it comes'}": project(
            Drawn(change=change, fill=fill), standardise=standardise, validation_share=0.1
        )
        for change, fill, standardise in [
            ("missing", "mean", True),
            ("missing", "median", False),
            ("missing", "most_frequent", True),
            ("missing in float32", "mean", True),
            ("missing everywhere", "constant", True),
            ("missing everywhere", "mean", False),
        ]
    },
    "bytes": project(Drawn(change="bytes")),
    "pictures of bytes": project(PICTURES, validation_share=0.1),
    "pictures of bytes, one part": project(PICTURES, test_share=0.0),
    "pictures of bytes as they come": project(PICTURES, standardise=False),
    "changed": project(PICTURES, augmentations=ALL_CHANGES),
    "changed as they come": project(PICTURES, standardise=False, augmentations=ALL_CHANGES),
    "changed as a whole": project(PICTURES, augmentations=ALL_CHANGES, training={"batch_size": None}),
    "numbers changed": project(Drawn(change="pictures of numbers"), augmentations=changed("RandomRotation")),
    "numbers of a table changed": project(PLAIN, augmentations=changed("GaussianNoise")),
    "changed twice alike": project(
        PICTURES,
        augmentations=changed("GaussianNoise", std=0.1)
        + changed("GaussianNoise", std=0.5)
        + changed("GaussianNoise", std=0.1),
    ),
    "given back": again(batch_size=10),
    "given back, one row a batch": again(batch_size=1),
    "given back as a whole": again(batch_size=None),
}


def of_files(folder: Path) -> dict[str, Project]:
    """A project for every kind of dataset that reads files, or that a person has painted."""
    random = np.random.default_rng(3)
    text_file(folder, MIXED + "7,,red,1985-03-04,yes,75,Bern,dog\n" * 4, "mixed.csv")
    mixed = {"path": str(folder / "mixed.csv"), "missing_categories": "own category"}
    filled_in = {"missing": "median", "missing_indicator": True}
    left_out = {"missing": "mean", "missing_targets": "leave out the row"}
    np.savez(folder / "rows.npz", x_train=random.normal(size=(40, 3)), y_train=random.normal(size=(40, 2)))
    np.save(folder / "pictures.npy", random.integers(0, 256, (40, 5, 5, 3), dtype=np.uint8))
    np.save(folder / "labels.npy", random.integers(0, 3, 40))
    drawn_folder(folder / "shapes", each=6)
    (folder / "photos").mkdir()
    for seed in range(12):
        photo(seed=seed).save(folder / "photos" / f"{seed}.png")
    lines = [f"photos/{seed}.png,{'night' if seed % 3 else 'day'}" for seed in range(12)]
    text_file(folder, "file,when\n" + "\n".join(lines) + "\n", "photos.csv")
    for name, rows in (("train", 30), ("t10k", 10)):
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", random.integers(0, 256, (rows, 8, 8)).astype(np.uint8))
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", random.integers(0, 4, rows).astype(np.uint8))
    (folder / "cifar").mkdir()
    for name in ("data_batch_1.bin", "test_batch.bin"):
        pixels = random.integers(0, 256, (12, 3, 32, 32))
        write_cifar(folder / "cifar" / name, random.integers(0, 10, (12, 1)), pixels)
    moments = np.arange(140)
    who = np.where(moments < 80, "a", "b")
    pl.DataFrame({"who": who, "when": moments, "x": np.sin(moments / 4)}).write_csv(folder / "waves.csv")
    text_file(folder, "hello world, how are you?\n" * 30, "hello.txt")
    moods = "".join(f"a {word} day number {n},{word}\n" for n in range(12) for word in ("good", "bad"))
    text_file(folder, "said,mood\n" + moods, "moods.csv")
    by_group, by_time, given = split("GroupSplit"), split("TimeSplit"), split("GivenSplit")
    waves = {"time_column": "when", "group_column": "who", "length": 6, "path": str(folder / "waves.csv")}
    painted = tuple(x for point in random.normal(size=(30, 2)).tolist() for x in (*point, float(point[0] > 0)))
    found = {
        "TableFile": project(dataset("TableFile", target="species", **filled_in, **mixed), test_share=0.3),
        "TableFile, rows left out": project(dataset("TableFile", target="price", **left_out, **mixed), test_share=0.4),
        "ArrayFile": project(dataset("ArrayFile", path=str(folder / "rows.npz")), validation_share=0.2),
        "ArrayFile of pictures": project(
            dataset("ArrayFile", path=str(folder / "pictures.npy"), targets_path=str(folder / "labels.npy"))
        ),
        "ImageFolder": project(dataset("ImageFolder", path=str(folder / "shapes"), width=12, height=12, mode="grey")),
        "ImageTable": project(dataset("ImageTable", path=str(folder / "photos.csv"), width=8, height=8)),
        "IdxImages": project(dataset("IdxImages", path=str(folder / "train-images-idx3-ubyte.gz")), split=given),
        "CifarBinary": project(dataset("CifarBinary", path=str(folder / "cifar")), split=given),
        "TimeSeries": project(dataset("TimeSeries", horizon=2, every_step=True, **waves), split=by_time),
        "TimeSeries by group": project(dataset("TimeSeries", **waves), split=by_group, test_share=0.5),
        "TextCharacters": project(dataset("TextCharacters", path=str(folder / "hello.txt"), context=8)),
        "TextClassification": project(dataset("TextClassification", path=str(folder / "moods.csv"))),
        "PaintedPoints": project(dataset("PaintedPoints", points=painted)),
        "PaintedCurve": project(dataset("PaintedCurve", points=painted[:40])),
    }
    assert {name.partition(",")[0].partition(" ")[0] for name in found} == {
        name for name, kind in registered(Dataset).items() if kind.category in ("Own data", "Painted")
    }
    return found


def large() -> Any:
    """Every part is too large for the memory, and a few rows are many."""
    engine_data._cache.clear()
    return mock.patch.multiple(engine_data, HELD_BYTES=500, PIECE=16, SAMPLE=20)


LARGE: dict[str, Project] = {
    "large": project(PLAIN, validation_share=0.2),
    "large, filled in": project(Drawn(change="missing", fill="mean"), validation_share=0.2),
    "large, filled in, divided by time": project(Drawn(change="missing", fill="median"), split=split("TimeSplit")),
    "large pictures of bytes": project(PICTURES, augmentations=ALL_CHANGES),
}
NAMES = [*DIVIDED, *SCALED]
OF_FILES = [
    "TableFile",
    "TableFile, rows left out",
    "ArrayFile",
    "ArrayFile of pictures",
    "ImageFolder",
    "ImageTable",
    "IdxImages",
    "CifarBinary",
    "TimeSeries",
    "TimeSeries by group",
    "TextCharacters",
    "TextClassification",
    "PaintedPoints",
    "PaintedCurve",
]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Project], dict[str, Printed], Path]:
    """Every project, what its script prints, and where the scripts are."""
    folder = tmp_path_factory.mktemp("scripts")
    projects = DIVIDED | SCALED | of_files(tmp_path_factory.mktemp("files"))
    assert list(projects) == [*NAMES, *OF_FILES]
    sources = {name: to_python(made) for name, made in projects.items()}
    with large():
        sources |= {name: to_python(made) for name, made in LARGE.items()}
    engine_data._cache.clear()
    return projects, printed_by_all(sources, folder), folder


@pytest.mark.parametrize("name", [*NAMES, *OF_FILES])
def test_the_script_says_what_the_run_says(name: str, everything: tuple) -> None:
    projects, printed, _ = everything
    assert_the_same(projects[name], printed[name])


@pytest.mark.parametrize("name", LARGE)
def test_what_is_not_held_in_memory_gives_the_same_numbers(name: str, everything: tuple) -> None:
    _, printed, _ = everything
    with large():
        run = assert_the_same(LARGE[name], printed[name])
        assert not run.prepared.train.held
    engine_data._cache.clear()


def test_the_sources_pass_the_linter(everything: tuple) -> None:
    assert_linted(everything[2])


def test_what_nobody_asks_for_is_left_out() -> None:
    """Groups, times and parts are in the script where the rows are divided by them."""
    by_group = to_python(project(PLAIN, split=split("GroupSplit")))
    assert "groups = np.arange(90) // 6" in by_group and "times" not in by_group and "parts" not in by_group
    plain = to_python(project(PLAIN))
    assert "groups =" not in plain and "times" not in plain and "parts" not in plain


def test_the_same_function_with_other_settings_has_another_name() -> None:
    source = to_python(SCALED["changed twice alike"])
    assert source.count("def gaussian_noise(rows, generator, std=0.1):") == 1
    assert source.count("def gaussian_noise_2(rows, generator, std=0.5):") == 1
    called = [line.strip() for line in source.splitlines() if "(x, draws)" in line]
    assert called == ["x = gaussian_noise(x, draws)", "x = gaussian_noise_2(x, draws)", "x = gaussian_noise(x, draws)"]


def test_a_file_that_is_in_the_project_alone_is_refused(tmp_path: Path) -> None:
    path = Path(text_file(tmp_path, "a,b,c\n" + "1,2,x\n3,1,y\n" * 20))
    held = dataset("TableFile", path=str(path), sha256=fingerprint(path), embedded=True)
    made = project(held)
    assert str(path) in to_python(made)
    hold(path.read_bytes())
    path.unlink()
    with pytest.raises(GraphError, match=r"reads data.csv from a file, but it is in the project alone"):
        to_python(made)


def test_the_packages_that_it_needs_are_named(everything: tuple) -> None:
    projects, _, _ = everything
    needed = {
        "TableFile": "torch, numpy, scikit-learn and polars,",
        "ImageFolder": "torch, numpy, scikit-learn and Pillow,",
        "ImageTable": "torch, numpy, scikit-learn, polars and Pillow,",
        "TextCharacters": "torch, numpy and scikit-learn,",
    }
    for name, words in needed.items():
        assert f"# Written by NN Studio. It needs {words} and gives the losses of\n" in to_python(projects[name])


def test_data_without_a_source_is_refused() -> None:
    class Own(Dataset, abstract=True):
        def load(self) -> Data:
            return PLAIN.load()

    with pytest.raises(GraphError, match="its data, its split or one of its augmentations has no Python source"):
        to_python(project(Own()))
