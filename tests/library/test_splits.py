"""Splits: nothing lost, nothing twice, the shares right, and the same rows as scikit-learn called by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import model_selection as referee

import nnstudio.library  # noqa: F401
from nnstudio.core.data import Data
from nnstudio.core.kinds import Purpose, Split
from nnstudio.core.spec import SpecError, registered

SPLITS = registered(Split)
SHARES = st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5, 0.8])


def split(name: str, **settings: object) -> Split:
    made: Split = SPLITS[name](**settings)
    return made


def table(rows: int, seed: int = 0, **facts: Any) -> Data:
    """Rows of three classes in ten groups, measured at times that are not in order and come twice."""
    random = np.random.default_rng(seed)
    given_facts: dict[str, Any] = {
        "groups": random.integers(0, 10, rows),
        "times": random.permutation(rows) // 2 * 0.5,
        "parts": random.permutation(np.arange(rows) % 5 // 3).astype(np.int8) * random.integers(1, 3, rows, np.int8),
    }
    targets = random.permutation(np.arange(rows) % 3)
    names = ("red", "green", "blue")
    return Data(random.standard_normal((rows, 2)), targets, "classification", ("a", "b"), names, **given_facts | facts)


def written(made: Split, data: Data, rows: np.ndarray, share: float, seed: int, purpose: Purpose) -> list[np.ndarray]:
    """What the source that is written for a script gives."""
    names: dict[str, Any] = {"X": data.inputs, "y": data.targets, "rows": rows}
    names |= {name: getattr(data, name) for name in ("groups", "times", "parts") if getattr(data, name) is not None}
    exec(compile(made.source(data, share, seed, purpose), "split", "exec"), names)
    return [names["kept"], names["aside"]]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Data, np.ndarray, float, int, Purpose]:
    data = table(draw(st.integers(60, 200)), draw(st.integers(0, 9)))
    rows = np.arange(data.rows)
    if draw(st.booleans()):  # what is left after testing rows were put aside
        rows = np.random.default_rng(draw(st.integers(0, 9))).permutation(rows)[: data.rows * 3 // 4]
    return data, rows, draw(SHARES), draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from(["test", "validation"]))


@pytest.mark.parametrize("name", sorted(SPLITS))
class TestEverySplit:
    @given(case=cases())
    def test_every_row_is_on_one_side(self, name: str, case: tuple) -> None:
        data, rows, share, seed, purpose = case
        kept, aside = split(name).divide(data, rows, share, seed, purpose)
        assert sorted([*kept, *aside]) == sorted(rows) and len(kept) and len(aside)
        assert kept.dtype == aside.dtype == np.int64

    @given(case=cases())
    def test_the_same_seed_gives_the_same_rows_in_the_same_order(self, name: str, case: tuple) -> None:
        data, rows, share, seed, purpose = case
        before = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
        first, second = (split(name).divide(data, rows.copy(), share, seed, purpose) for _ in range(2))
        assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
        assert np.array_equal(before, np.random.get_state()[1]), "the random state of others is left alone"  # type: ignore[index]

    @given(case=cases())
    def test_the_written_source_divides_as_it_does(self, name: str, case: tuple) -> None:
        data, rows, *how = case
        for made in (split(name), *([split(name, gap=1.0)] if name == "TimeSplit" else [])):
            for one, other in zip(made.divide(data, rows, *how), written(made, data, rows, *how), strict=True):
                assert np.array_equal(one, other)

    @given(case=cases())
    def test_the_share_is_right_within_a_row(self, name: str, case: tuple) -> None:
        data, rows, share, seed, purpose = case
        aside = split(name).divide(data, rows, share, seed, purpose)[1]
        if name in ("StratifiedSplit", "TimeSplit"):
            assert abs(len(aside) - share * len(rows)) < 1
        elif name == "GroupSplit":
            of_groups = len(np.unique(data.groups[rows]))
            assert abs(len(np.unique(data.groups[aside])) - share * of_groups) < 1
        elif name == "KFold":
            assert abs(len(aside) - len(rows) / 5) < 1
        else:
            assert (data.parts[aside] == {"test": 2, "validation": 1}[purpose]).all()

    def test_other_seeds_give_other_rows_only_where_it_is_random(self, name: str) -> None:
        data = table(100)
        first, second = (split(name).divide(data, np.arange(100), 0.3, seed)[1] for seed in (0, 1))
        assert np.array_equal(first, second) == (name in ("TimeSplit", "GivenSplit"))


@given(case=cases())
def test_stratified_gives_each_class_its_share(case: tuple) -> None:
    data, rows, share, seed, purpose = case
    aside = split("StratifiedSplit").divide(data, rows, share, seed, purpose)[1]
    whole, part = (np.bincount(data.targets[some], minlength=3) for some in (rows, aside))
    assert (np.abs(part - whole * len(aside) / len(rows)) < 1).all()
    by_hand = referee.train_test_split(rows, test_size=share, random_state=seed, stratify=data.targets[rows])
    assert np.array_equal(aside, by_hand[1])


@given(case=cases())
def test_no_group_is_on_both_sides(case: tuple) -> None:
    data, rows, share, seed, purpose = case
    kept, aside = split("GroupSplit").divide(data, rows, share, seed, purpose)
    assert not set(data.groups[kept]) & set(data.groups[aside])
    by_hand = referee.GroupShuffleSplit(1, test_size=share, random_state=seed)
    train, test = next(by_hand.split(data.inputs[rows], data.targets[rows], data.groups[rows]))
    assert np.array_equal(kept, rows[train]) and np.array_equal(aside, rows[test])


@given(case=cases(), gap=st.sampled_from([0.0, 0.5, 2.0]))
def test_what_is_put_aside_by_time_is_the_last(case: tuple, gap: float) -> None:
    data, rows, share, seed, purpose = case
    kept, aside = split("TimeSplit", gap=gap).divide(data, rows, share, seed, purpose)
    assert data.times[kept].max() <= data.times[aside].min()
    if gap:
        assert data.times[kept].max() < data.times[aside].min() - gap
        left_out = np.setdiff1d(rows, [*kept, *aside])
        assert (data.times[left_out] >= data.times[aside].min() - gap).all()
    assert (np.diff(data.times[kept]) >= 0).all() and (np.diff(data.times[aside]) >= 0).all()


def test_without_times_the_order_of_the_rows_is_the_time() -> None:
    data = table(10, times=None)
    rows = np.array([9, 0, 5, 3, 1, 7, 2, 8, 4, 6])
    kept, aside = split("TimeSplit").divide(data, rows, 0.3, 0)
    assert kept.tolist() == list(range(7)) and aside.tolist() == [7, 8, 9]
    kept, aside = split("TimeSplit", gap=2).divide(data, rows, 0.3, 0)
    assert kept.tolist() == [0, 1, 2, 3, 4] and aside.tolist() == [7, 8, 9]
    made = written(split("TimeSplit", gap=2), data, rows, 0.3, 0, "test")
    assert made[0].tolist() == kept.tolist() and made[1].tolist() == aside.tolist()


@pytest.mark.parametrize("stratified", [False, True])
def test_the_folds_are_scikit_learn_s_and_cover_everything_once(stratified: bool) -> None:
    data, rows = table(50), np.arange(50)[::-1].copy()
    kind = referee.StratifiedKFold if stratified else referee.KFold
    by_hand = kind(4, shuffle=True, random_state=7).split(rows, data.targets[rows])
    covered: list[int] = []
    for number, (train, test) in enumerate(by_hand, 1):
        made = split("KFold", folds=4, fold=number, stratified=stratified)
        kept, aside = made.divide(data, rows, 0.2, 7)
        assert np.array_equal(kept, rows[train]) and np.array_equal(aside, rows[test])
        other = written(made, data, rows, 0.2, 7, "test")
        assert np.array_equal(kept, other[0]) and np.array_equal(aside, other[1])
        covered += aside.tolist()
    assert sorted(covered) == list(range(50))


def test_given_parts_are_kept_and_validation_is_random_where_none_is_given() -> None:
    parts = np.array([0, 0, 2, 1, 0, 0, 2, 0], np.int8)
    data, rows = table(8, parts=parts), np.arange(8)
    kept, aside = split("GivenSplit").divide(data, rows, 0.9, 0, "test")
    assert kept.tolist() == [0, 1, 3, 4, 5, 7] and aside.tolist() == [2, 6]
    kept, aside = split("GivenSplit").divide(data, kept, 0.9, 0, "validation")
    assert kept.tolist() == [0, 1, 4, 5, 7] and aside.tolist() == [3]

    data = table(8, parts=np.where(parts == 1, 0, parts))
    rest = np.array([0, 1, 3, 4, 5, 7])
    kept, aside = split("GivenSplit").divide(data, rest, 0.3, 5, "validation")
    by_hand = referee.train_test_split(rest, test_size=0.3, random_state=5)
    assert np.array_equal(kept, by_hand[0]) and np.array_equal(aside, by_hand[1])
    made = written(split("GivenSplit"), data, rest, 0.3, 5, "validation")
    assert np.array_equal(kept, made[0]) and np.array_equal(aside, made[1])


ROWS = np.arange(9)
NUMBERS = Data(np.zeros((9, 1)), np.zeros((9, 1)), "regression", ("a",), target_name="price")
PLACES = Data(np.zeros((9, 4), np.int64), np.zeros((9, 4), np.int64), "classification", (), ("a", "b"))
ANIMALS = ("cat", "dog", "cow", "eel")
RARE = Data(np.zeros((9, 1)), np.array([0, 0, 0, 1, 2, 2, 2, 2, 3]), "classification", ("a",), ANIMALS)


@pytest.mark.parametrize(
    ("made", "data", "words"),
    [
        (split("StratifiedSplit"), NUMBERS, "needs classes, but price is a number. Choose a random split"),
        (split("StratifiedSplit"), PLACES, "one class for each row, but each row has a class at every place"),
        (split("StratifiedSplit"), RARE, "at least 2 rows of each class, but dog has 1, eel has 1. Add rows"),
        (split("KFold", stratified=True, folds=4), RARE, "at least 4 rows of each class, but cat has 3, dog has 1, ee"),
        (split("GroupSplit"), NUMBERS, "needs groups, but the data names none. Name the column of the groups"),
        (split("GroupSplit"), table(9, groups=np.zeros(9, int)), "at least 2 groups, but all rows are of one"),
        (split("GivenSplit"), NUMBERS, "does not say which of its rows are to be put aside. Name the column"),
        (split("GivenSplit"), table(9, parts=np.full(9, 2, np.int8)), "marks none of its rows for training"),
    ],
)
def test_what_stands_in_the_way_is_said(made: Split, data: Data, words: str) -> None:
    found = list(made.check(data))
    assert len(found) == 1 and words in found[0] and found[0].endswith(".")


def test_what_is_fine_is_not_complained_of() -> None:
    for name in SPLITS:
        assert list(split(name).check(table(60))) == []
    assert list(split("KFold").check(RARE)) == []


@pytest.mark.parametrize(
    ("made", "data", "share", "words"),
    [
        (split("StratifiedSplit"), table(9), 0.12, "9 rows with a test share of 0.12 does not leave a row of each of"),
        (
            split("GroupSplit"),
            table(9, groups=np.arange(9) % 2),
            0.9,
            "2 groups with a test share of 0.9 leaves a part",
        ),
        (
            split("TimeSplit", gap=100),
            table(9),
            0.2,
            "A gap of 100 before the rows for test leaves no row for training",
        ),
        (split("KFold", folds=10), table(9), 0.2, "10 folds need at least 10 rows, but there are 9. Use fewer folds"),
        (split("GivenSplit"), table(9, parts=np.arange(9, dtype=np.int8) % 2), 0.2, "validation and none for testing"),
    ],
)
def test_what_cannot_be_divided_is_a_sentence(made: Split, data: Data, share: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        made.divide(data, ROWS, share, 0)


def test_a_fold_is_one_of_the_folds() -> None:
    with pytest.raises(SpecError, match="fold needs a whole number from 1 to 5, the number of folds, but got 6"):
        split("KFold", fold=6)
