"""The thinning of curves keeps every extreme, however the numbers arrive."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nnstudio.ui.curves import Columns, Pyramid

numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)


@st.composite
def series_in_parts(draw: st.DrawFn) -> tuple[np.ndarray, list[int]]:
    seed = draw(st.integers(0, 2**32 - 1))
    length = draw(st.integers(1, 6000))
    series = np.random.default_rng(seed).normal(size=length).astype(np.float32)
    for place, value in draw(st.lists(st.tuples(st.integers(0, length - 1), numbers), max_size=8)):
        series[place] = value
    cuts = draw(st.lists(st.integers(0, length), max_size=6))
    return series, [*sorted(cuts), length]


@settings(max_examples=150, deadline=None)
@given(series_in_parts(), st.integers(1, 400), st.data())
def test_every_extreme_of_every_part_is_kept(
    given_series: tuple[np.ndarray, list[int]], buckets: int, data: st.DataObject
) -> None:
    series, cuts = given_series
    pyramid = Pyramid()
    for cut in cuts:
        pyramid.follow(series[:cut])
    first = data.draw(st.integers(0, len(series) - 1))
    last = data.draw(st.integers(first + 1, len(series)))
    places, values = pyramid.thinned(first, last, buckets)
    part = series[first:last]
    drawable = part[np.isfinite(part)]

    assert len(places) == len(values) <= 2 * buckets
    assert (np.diff(places) >= 0).all() and places[0] >= first and places[-1] <= last - 1
    assert not np.isinf(values).any()
    if len(drawable):
        assert np.nanmin(values) <= drawable.min() and np.nanmax(values) >= drawable.max()
    whole = series[np.isfinite(series)].astype(np.float64)
    if len(whole):
        assert pyramid.extent() == (whole.min(), whole.max())
        everything = pyramid.thinned(0, len(series), buckets)[1]
        assert np.nanmin(everything) == whole.min() and np.nanmax(everything) == whole.max()


@settings(max_examples=60, deadline=None)
@given(series_in_parts(), st.integers(1, 200))
def test_parts_and_the_whole_give_the_same(given_series: tuple[np.ndarray, list[int]], buckets: int) -> None:
    series, cuts = given_series
    piecewise, at_once = Pyramid(), Pyramid()
    for cut in cuts:
        piecewise.follow(series[:cut])
    at_once.follow(series)
    for one, other in zip(
        piecewise.thinned(0, len(series), buckets), at_once.thinned(0, len(series), buckets), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_means_are_means() -> None:
    pyramid = Pyramid()
    pyramid.follow(np.arange(1024, dtype=np.float32))
    places, values = pyramid.means(0, 1024, 16)
    np.testing.assert_allclose(places, values)
    assert len(values) == 16


def test_another_series_replaces_the_first() -> None:
    pyramid = Pyramid()
    pyramid.follow(np.full(500, 9.0, np.float32))
    assert pyramid.follow(np.arange(700, dtype=np.float32))
    assert pyramid.extent() == (0.0, 699.0)
    assert pyramid.follow(np.arange(10, dtype=np.float32)) and len(pyramid) == 10
    assert not pyramid.follow(np.arange(10, dtype=np.float32))


def record(epoch: int, train: float | None, test: float | None = None) -> dict[str, object]:
    parts = {"train": {"loss": train}, "test": {} if test is None else {"loss": test}}
    return {"epoch": epoch, "step": 10 * epoch, "lr": 0.1, "seconds": 1.0} | parts


def test_columns_follow_the_records() -> None:
    columns = Columns()
    records = [record(1, 0.5), record(2, None, 0.7)]
    assert columns.follow(records[:1]) and columns.follow(records) and not columns.follow(records)
    np.testing.assert_array_equal(columns.column("train", "loss"), [0.5, np.nan])
    np.testing.assert_array_equal(columns.column("test", "loss"), [np.nan, 0.7])
    np.testing.assert_array_equal(columns.column("", "step"), [10, 20])
    assert columns.figures() == ["loss"]
    assert len(columns.column("test", "accuracy")) == 0
    assert columns.follow([record(1, 0.25)]) and len(columns) == 1
    np.testing.assert_array_equal(columns.column("train", "loss"), [0.25])
    assert columns.follow(()) and len(columns) == 0
