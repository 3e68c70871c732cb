"""Time series as data: windows as loops cut them, none over two series, and no target on both sides of a split."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnstudio.library  # noqa: F401
from library.test_sequence_data import assert_written_as_loaded
from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset, Split
from nnstudio.core.spec import registered
from nnstudio.library.datasets import _arrays

DATASETS = registered(Dataset)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNSTUDIO_CACHE", str(tmp_path / "cache"))


def series(path: Path, columns: dict[str, Any], **settings: Any) -> Dataset:
    """A table of these columns, as CSV."""
    pl.DataFrame(columns).write_csv(path)
    made: Dataset = DATASETS["TimeSeries"](path=str(path), **settings)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readings.csv"


def by_hand(
    rows: list[tuple[Any, float, list[float], Any]], length: int, ahead: list[int], stride: int
) -> list[tuple[list[list[float]], list[Any], list[float]]]:
    """Windows, targets and the moments of the targets, from (series, time, inputs, target), in plain loops."""
    apart: dict[Any, list[tuple[Any, float, list[float], Any]]] = defaultdict(list)
    for row in rows:
        apart[row[0]].append(row)
    found = []
    for name in sorted(apart):
        own = sorted(apart[name], key=lambda row: row[1])
        for start in range(0, len(own) - length - max(ahead) + 1, stride):
            inside = own[start : start + length]
            aimed = [own[start + length - 1 + steps] for steps in ahead]
            found.append(([row[2] for row in inside], [row[3] for row in aimed], [row[1] for row in aimed]))
    return found


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Rows of several series in any order, at moments that all series share in part."""
    random = np.random.default_rng(draw(st.integers(0, 99)))
    sizes = draw(st.lists(st.integers(1, 25), min_size=1, max_size=4).filter(lambda sizes: max(sizes) > 12))
    names, times = [], []
    for number, size in enumerate(sizes):
        names += [f"s{number}"] * size
        times += sorted(random.choice(60, size, replace=False).tolist())
    order = random.permutation(len(names))
    values = random.permutation(2 * len(names)).reshape(-1, 2) / 8 - 3.0  # all different
    return {
        "who": [names[i] for i in order],
        "when": [float(times[i]) + 0.5 for i in order],
        "a": values[:, 0],
        "b": values[:, 1],
    }


@given(
    columns=tables(),
    length=st.integers(1, 6),
    horizon=st.integers(1, 4),
    stride=st.integers(1, 4),
    every_step=st.booleans(),
)
def test_windows_are_those_that_loops_cut(
    tmp_path_factory: pytest.TempPathFactory, columns: dict, length: int, horizon: int, stride: int, every_step: bool
) -> None:
    several = len(set(columns["who"])) > 1
    dataset = series(
        tmp_path_factory.mktemp("series") / "a.csv",
        columns,
        group_column="who" if several else "",
        ignored=() if several else ("who",),
        time_column="when",
        length=length,
        horizon=horizon,
        stride=stride,
        every_step=every_step,
        target_unit="raw",
        task="regression",
    )
    data = assert_written_as_loaded(dataset)
    rows = [(w, t, [a, b], b) for w, t, a, b in zip(*columns.values(), strict=True)]
    ahead = list(range(1, horizon + 1)) if every_step else [horizon]
    expected = by_hand(rows, length, ahead, stride)
    assert data.feature_names == ("a", "b") and data.input_type.shape == (length, 2)
    assert data.inputs.tolist() == [window for window, _, _ in expected]
    assert data.targets.tolist() == [targets for _, targets, _ in expected]
    number = {moment: place for place, moment in enumerate(sorted(set(columns["when"])))}
    assert data.times is not None and data.times.tolist() == [number[moments[-1]] for _, _, moments in expected]


@given(columns=tables(), every_step=st.booleans(), horizon=st.integers(1, 3), share=st.sampled_from([0.2, 0.4]))
def test_by_time_no_target_is_on_both_sides(
    tmp_path_factory: pytest.TempPathFactory, columns: dict, every_step: bool, horizon: int, share: float
) -> None:
    file = tmp_path_factory.mktemp("series") / "a.csv"
    given_ = {"time_column": "when", "group_column": "who", "task": "regression", "target_unit": "raw"}
    if len(set(columns["who"])) == 1:
        columns, given_["group_column"] = {name: columns[name] for name in ("when", "a", "b")}, ""
    data = series(file, columns, length=2, horizon=horizon, every_step=every_step, **given_).load()
    assert data.times is not None
    hypothesis.assume(np.quantile(data.times, 1 - share) - data.reach > data.times.min() + 1)  # else no row is left
    kept, aside = registered(Split)["TimeSplit"]().divide(data, np.arange(data.rows), share, 0)
    assert len(kept) and len(aside)
    assert not {*data.targets[kept].ravel()} & {*data.targets[aside].ravel()}  # the values are all different
    if every_step and horizon > 1:
        assert data.times[kept].max() < data.times[aside].min() - data.reach


def test_groups_are_the_series(file: Path) -> None:
    columns = {"id": ["b"] * 9 + ["a"] * 12 + ["c"] * 3, "x": np.arange(24.0) ** 2}
    data = assert_written_as_loaded(series(file, columns, group_column="id", length=4, target_unit="raw"))
    assert data.groups is not None and data.groups.tolist() == [0] * 8 + [1] * 5
    assert data.times is not None and data.times.tolist() == [*range(4, 12), *range(4, 9)]  # places in the series
    assert any(words == "1 of 3 series are shorter than a window and were left out." for words in data.notices)
    kept, aside = registered(Split)["GroupSplit"]().divide(data, np.arange(data.rows), 0.5, 0)
    assert not {*data.groups[kept]} & {*data.groups[aside]}


def test_a_class_is_that_of_the_window_s_end(file: Path) -> None:
    labels = ["rest"] * 10 + ["walk"] * 8 + ["run"] * 6
    columns = {"speed": np.linspace(0, 1, 24) ** 2, "beat": np.arange(24) % 5 + 0.5, "activity": labels}
    data = assert_written_as_loaded(series(file, columns, length=5, stride=2, horizon=7))
    assert data.task == "classification" and data.class_names == ("rest", "run", "walk")
    assert [data.class_names[number] for number in data.targets] == labels[4::2]
    assert data.feature_names == ("speed", "beat") and data.target_name == "activity" and data.reach == 0


def test_a_column_of_dates_is_the_time(file: Path) -> None:
    days = ["2026-03-01", "2026-03-03", "2026-03-02", "2026-03-05", "2026-03-04"]
    data = assert_written_as_loaded(
        series(file, {"day": days, "x": [1.5, 3.5, 2.5, 5.5, 4.5]}, length=2, target_unit="raw")
    )
    assert data.targets.ravel().tolist() == [3.5, 4.5, 5.5] and data.feature_names == ("x",)
    assert "The column 'day' was taken for the time." in data.notices


def test_uneven_moments_are_said(file: Path) -> None:
    columns = {"t": [0, 1, 2, 3, 9, 10, 11], "x": np.arange(7.0) ** 2}
    data = series(file, columns, time_column="t", length=2).load()
    assert any("not evenly spaced: they lie 1 to 6 apart" in words for words in data.notices)
    even = series(file, columns | {"t": np.arange(7)}, time_column="t", length=2).load()
    assert not any("spaced" in words for words in even.notices)


def test_targets_can_be_told_in_standard_deviations(file: Path) -> None:
    values = np.random.default_rng(0).normal(280, 12, 200)
    raw = series(file, {"x": values}, length=3, target_unit="raw").load().targets
    data = assert_written_as_loaded(series(file, {"x": values}, length=3))
    assert np.allclose(data.targets, (raw - values.mean()) / values.std())
    assert data.inputs.max() > 280, "inputs are standardised later, by what the training part says"


def test_the_forecast_to_be_beaten_is_said(file: Path) -> None:
    values = np.sin(np.arange(300) / 9)
    data = series(file, {"x": values}, length=5, horizon=4, target_unit="raw").load()
    error = np.mean((data.targets - data.inputs[:, -1]) ** 2)
    assert f"mean squared error of {error:.4g}: that is to be beaten." in data.notices[-1]


def test_windows_of_one_series_share_its_memory(file: Path) -> None:
    data = series(file, {"x": np.arange(5000.0) ** 1.5}, length=1000, stride=3).load()
    assert data.rows == 1334 and np.shares_memory(data.inputs[0], data.inputs[1])


def test_many_windows_of_several_series_lie_in_a_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"id": ["a"] * 60 + ["b"] * 50, "x": np.arange(110.0) ** 1.5}
    small = series(file, columns, group_column="id", length=20).load()
    monkeypatch.setattr(_arrays, "LARGEST_IN_MEMORY", 1000)
    for _ in range(2):  # written, and found again
        large = series(file, columns, group_column="id", length=20).load()
        assert isinstance(large.inputs, np.memmap) and not isinstance(small.inputs, np.memmap)
        assert np.array_equal(small.inputs, large.inputs) and np.array_equal(small.targets, large.targets)
    other = series(file, columns, group_column="id", length=20, stride=2).load()
    assert not np.array_equal(other.inputs[1], large.inputs[1])


def test_parquet_is_the_same_as_text(tmp_path: Path) -> None:
    columns = {"t": np.arange(40)[::-1], "x": np.random.default_rng(1).standard_normal(40)}
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    text = series(tmp_path / "a.csv", columns, time_column="t", length=4).load()
    other = DATASETS["TimeSeries"](path=str(tmp_path / "a.parquet"), time_column="t", length=4)
    assert np.array_equal(assert_written_as_loaded(other).inputs, text.inputs)


def test_another_file_becomes_windows_too(file: Path, tmp_path: Path) -> None:
    dataset = series(file, {"x": np.arange(30.0) ** 1.5}, length=4)
    pl.DataFrame({"x": np.arange(6) * 0.5}).write_csv(tmp_path / "new.csv")
    found = dataset.encode(tmp_path / "new.csv")  # type: ignore[attr-defined]
    assert found[:, :, 0].tolist() == [[0, 0.5, 1, 1.5], [0.5, 1, 1.5, 2], [1, 1.5, 2, 2.5]]
    pl.DataFrame({"x": [1.0, 2.0]}).write_csv(tmp_path / "short.csv")
    with pytest.raises(ValueError, match=r"short\.csv has 2 moments, but a window has 4\. Add earlier moments\."):
        dataset.encode(tmp_path / "short.csv")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("columns", "settings", "words"),
    [
        (
            {"x": np.arange(9.0) ** 2},
            {"length": 9},
            "The series has 9 moments, but a window of 9 and 1 after it needs 10.",
        ),
        (
            {"id": ["a"] * 4 + ["b"] * 5, "x": np.arange(9.0) ** 2},
            {"group_column": "id", "length": 5},
            "The longest ser",
        ),
        (
            {"x": np.arange(9.0), "y": ["u", "v", "w"] * 3},
            {"length": 12},
            "has 9 moments, but a window of 12 needs 12.",
        ),
        ({"a": [1.0, 2.5, 3.0], "x": [1.5, None, 3.5]}, {"length": 2}, "readings.csv, line 3, column 'x'"),
        ({"x": np.arange(9.0) ** 2}, {"target": "z"}, "readings.csv has no column 'z'"),
    ],
)
def test_what_gives_no_window_is_a_sentence(file: Path, columns: dict, settings: dict, words: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as caught:
        series(file, columns, **settings).load()
    assert words in str(caught.value)


def test_missing_inputs_are_filled_while_training_and_missing_targets_can_be_left_out(file: Path) -> None:
    columns = {"a": [1.5, None, 3.5, 4.5, 5.0, 6.5], "b": [1.0, 2.5, None, 4.0, 5.5, 6.0]}
    data: Data = series(
        file, columns, length=2, missing="mean", missing_targets="leave out the row", target_unit="raw"
    ).load()
    assert data.fill == "mean" and np.isnan(data.inputs).sum() == 2 and np.isfinite(data.targets).all()
    assert data.targets.ravel().tolist() == [4.0, 5.5, 6.0]
