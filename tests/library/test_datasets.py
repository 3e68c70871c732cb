"""Datasets: pure functions of their settings, equal to scikit-learn's and to their own written source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets as referee

import nnstudio.library  # noqa: F401
from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import SpecError, registered

# Those that need no file.
DATASETS = {
    name: made
    for name, made in registered(Dataset).items()
    if not issubclass(made, FileDataset) and made.__module__.startswith("nnstudio.")
}


def load(name: str, **settings: object) -> Data:
    return DATASETS[name](**settings).load()


def same(first: Data, second: Data) -> bool:
    return np.array_equal(first.inputs, second.inputs) and np.array_equal(first.targets, second.targets)


@pytest.mark.parametrize("name", sorted(DATASETS))
class TestEveryDataset:
    def test_gives_the_same_rows_again(self, name: str) -> None:
        before = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
        data = load(name)
        assert same(data, load(name))
        assert np.array_equal(before, np.random.get_state()[1]), "the random state of others is left alone"  # type: ignore[index]

    def test_says_what_its_rows_are(self, name: str) -> None:
        data = load(name)
        assert data.rows >= 4 and np.isfinite(data.inputs).all() and np.isfinite(data.targets).all()
        assert DATASETS[name].category != "Other" and data.target_name != "target"
        if data.task == "classification":
            assert data.targets.dtype == np.int64 and data.classes >= 2
            assert sorted(set(data.targets.tolist())) == list(range(data.classes))
        else:
            assert data.targets.dtype == np.float64 and data.targets.ndim == 2
        if data.inputs.ndim == 2:
            assert len(data.feature_names) == data.inputs.shape[1]
        names = (*data.feature_names, *data.class_names)
        assert all(type(word) is str for word in names)  # numpy's own texts would not survive a file

    def test_follows_its_seed(self, name: str) -> None:
        names = {setting.name for setting in DATASETS[name].settings()}
        if "seed" in names:
            noise = {"noise": 0.1} if "noise" in names else {}
            assert not same(load(name, seed=1, **noise), load(name, seed=2, **noise))


CHANGED: dict[str, dict[str, Any]] = {
    "AND": {"samples": 11, "noise": 0.2, "seed": 3},
    "OR": {"samples": 4},
    "XOR": {"samples": 100, "noise": 0.1},
    "Circles": {"samples": 31, "noise": 0.0, "seed": 9},
    "Moons": {"samples": 31, "noise": 0.3, "seed": 9},
    "Blobs": {"samples": 31, "centers": 5, "spread": 0.25, "seed": 2},
    "Spirals": {"samples": 31, "turns": 0.75, "noise": 0.1, "seed": 2},
    "Curve1D": {"function": "step", "samples": 31, "noise": 0.0},
    "Diabetes": {"target_unit": "raw"},
}


@pytest.mark.parametrize(("name", "settings"), [*((name, {}) for name in sorted(DATASETS)), *CHANGED.items()])
def test_the_written_source_makes_the_same_rows(name: str, settings: dict) -> None:
    made: dict = {}
    exec(compile(DATASETS[name](**settings).source(), name, "exec"), made)
    data = load(name, **settings)
    assert np.array_equal(made["X"], data.inputs) and np.array_equal(made["y"], data.targets)


@pytest.mark.parametrize(("name", "truth"), [("AND", [0, 0, 0, 1]), ("OR", [0, 1, 1, 1]), ("XOR", [0, 1, 1, 0])])
def test_a_gate_is_its_truth_table(name: str, truth: list[int]) -> None:
    data = load(name)
    assert data.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]] and data.targets.tolist() == truth
    scattered = load(name, samples=400, noise=0.05)
    assert scattered.rows == 400
    corners = scattered.inputs.round().astype(int)
    assert [truth[2 * a + b] for a, b in corners] == scattered.targets.tolist()


def test_scikit_learn_s_tables_are_as_they_are() -> None:
    for name, loader in (("Iris", "load_iris"), ("Wine", "load_wine"), ("BreastCancer", "load_breast_cancer")):
        bunch, data = getattr(referee, loader)(), load(name)
        assert np.array_equal(bunch.data, data.inputs) and np.array_equal(bunch.target, data.targets)
        assert data.class_names == tuple(bunch.target_names)
    assert load("Iris").class_names == ("setosa", "versicolor", "virginica")
    digits = load("Digits")
    assert digits.input_type.shape == (1, 8, 8) and digits.inputs.min() == 0 and digits.inputs.max() == 1
    assert np.array_equal(digits.inputs[:, 0] * 16, referee.load_digits().images)


def test_diabetes_can_be_told_in_standard_deviations() -> None:
    raw, scaled = load("Diabetes", target_unit="raw").targets, load("Diabetes").targets
    assert raw.shape == scaled.shape == (442, 1) and raw.max() == 346
    assert scaled.mean() == pytest.approx(0, abs=1e-12) and scaled.std() == pytest.approx(1)
    assert np.corrcoef(raw[:, 0], scaled[:, 0])[0, 1] == pytest.approx(1)


def test_the_arms_of_the_spirals_keep_apart() -> None:
    data = load("Spirals", noise=0.0, samples=400)
    first, second = data.inputs[data.targets == 0], data.inputs[data.targets == 1]
    assert np.allclose(first, -second)  # each is the other, turned by half a circle
    assert np.linalg.norm(first[:, None] - second[None], axis=2).min() > 0.1


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [("sine", 0.25, 1.0), ("bump", 0.0, 1.0), ("step", 0.5, 1.0), ("square", -0.5, 0.25), ("absolute", -0.5, 0.5)],
)
def test_a_curve_is_its_function(name: str, at: float, value: float) -> None:
    data = load("Curve1D", function=name, noise=0.0, samples=201)
    row = int(np.abs(data.inputs[:, 0] - at).argmin())
    assert data.targets[row, 0] == pytest.approx(value, abs=1e-9)


def test_impossible_sizes_are_sentences() -> None:
    with pytest.raises(SpecError, match="samples needs a whole number from 4 to 100000, but got 3"):
        DATASETS["Moons"](samples=3)
    with pytest.raises(SpecError, match="function needs one of sine"):
        DATASETS["Curve1D"](function="tangent")


FILE_DATASETS = {name: made for name, made in registered(Dataset).items() if issubclass(made, FileDataset)}


@pytest.mark.parametrize("name", sorted(FILE_DATASETS))
class TestEveryDatasetFromAFile:
    """What is read is tested beside each; here is what all have in common."""

    def test_no_file_and_a_file_that_is_not_there_are_sentences(self, name: str, tmp_path: Path) -> None:
        made = FILE_DATASETS[name]
        for path, words in (("", "No file is chosen"), (str(tmp_path / "gone.csv"), "gone.csv cannot be read")):
            for read in (made(path=path).load, made(path=path).source):
                with pytest.raises(ValueError, match=words):
                    read()

    def test_says_which_files_it_reads(self, name: str) -> None:
        suffixes = FILE_DATASETS[name].suffixes
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
        assert FILE_DATASETS[name].category == "Own data"
