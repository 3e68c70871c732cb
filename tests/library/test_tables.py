"""Tables from files: what becomes of each column, against a second reading with the csv module; and large ones."""

from __future__ import annotations

import csv
import datetime
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris

import nnstudio.library  # noqa: F401
from engine.scripts import assert_linted
from library import tables
from library.scripts import assert_the_same
from nnstudio.core.data import Data
from nnstudio.core.project import DataSettings
from nnstudio.core.reading import Cancelled, told_to
from nnstudio.core.sources import fingerprint, hold
from nnstudio.engine.data import prepare
from nnstudio.library.datasets import _arrays, _table_parquet, _table_text, table_file
from nnstudio.library.datasets._table_text import TextTable
from nnstudio.library.datasets.table_file import TableFile

FILLED: dict[str, Any] = {"missing": "mean", "missing_categories": "own category", "missing_indicator": True}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("NNSTUDIO_CACHE", str(place))
    return place


def cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files in small pieces, and keep all numbers in the cache folder."""
    monkeypatch.setattr(_table_text, "PIECE", 600)
    monkeypatch.setattr(_table_parquet, "_NUMBERS", 90)
    monkeypatch.setattr(_arrays, "LARGEST_IN_MEMORY", 100)
    monkeypatch.setattr(table_file, "KEPT", 100)
    monkeypatch.setattr(table_file, "SAMPLE_BYTES", 100)


def load(path: str, **settings: Any) -> Data:
    return TableFile(path=path, **settings).load()


def same(first: Data, second: Data) -> bool:
    return all(
        np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True) for name in ("inputs", "targets")
    ) and (first.feature_names, first.class_names, first.fill) == (
        second.feature_names,
        second.class_names,
        second.fill,
    )


# -- what becomes of the columns


def test_the_flowers_are_those_of_scikit_learn(tmp_path: Path) -> None:
    data, flowers = load(tables.text_file(tmp_path, tables.iris_text())), load_iris()
    assert np.array_equal(data.inputs, flowers.data) and np.array_equal(data.targets, flowers.target)
    assert data.class_names == tuple(flowers.target_names) and data.target_name == "species"
    assert data.feature_names == ("sepal length", "sepal width", "petal length", "petal width")
    assert data.inputs.dtype == np.float64 and data.targets.dtype == np.int64 and not data.notices


def test_every_kind_of_column_against_a_second_reading(tmp_path: Path) -> None:
    data = load(tables.text_file(tmp_path, tables.MIXED), **FILLED)
    rows = list(csv.DictReader(io.StringIO(tables.MIXED)))
    wanted: list[list[float]] = []
    for row in rows:
        numbers = [float(row["age"] or "nan"), float(row["age"] == "")]
        numbers += [float(row["colour"] == word) for word in ("blue", "green", "red")]
        born = (datetime.date.fromisoformat(row["born"]) - datetime.date(1970, 1, 1)).days if row["born"] else np.nan
        numbers += [born, float(row["born"] == ""), float(row["member"] == "yes")]
        numbers += [float(row["price"] or "nan"), float(row["price"] == "")]
        wanted.append(numbers + [float((row["city"] or "missing") == word) for word in _CITIES])
    assert np.array_equal(data.inputs, np.array(wanted), equal_nan=True)
    assert [data.class_names[number] for number in data.targets] == [row["species"] for row in rows]
    assert data.feature_names == (
        *("age", "age is missing", "colour = blue", "colour = green", "colour = red", "born", "born is missing"),
        *("member", "price", "price is missing", "city = Basel", "city = Bern", "city = Genf", "city = missing"),
    )
    assert data.fill == "mean" and data.notices == (
        "Left out (only a number of the row): 'id'.",
        "Missing numbers in 'age', 'born', 'price' are filled with their mean in the training rows.",
    )


_CITIES = ("Basel", "Bern", "Genf", "missing")


def test_what_is_filled_in_comes_from_the_training_rows(tmp_path: Path) -> None:
    path = tables.text_file(tmp_path, "a,y\n" + "".join(f"{'' if n % 5 == 0 else n * n},{n}.5\n" for n in range(60)))
    for missing, figure in (("mean", np.nanmean), ("median", np.nanmedian)):
        prepared = prepare(DataSettings(TableFile(path=path, missing=missing), standardise=False))
        rows = prepared.train.rows
        wanted = prepared.data.inputs[rows]
        assert np.isnan(wanted).any()
        wanted = np.where(np.isnan(wanted), figure(wanted), wanted).astype(np.float32)
        assert np.array_equal(prepared.train.inputs.numpy(), wanted)
    zero = load(path, missing="zero")
    assert zero.fill == "" and zero.inputs[:6, 0].tolist() == [0, 1, 4, 9, 16, 0]


def test_a_table_is_the_same_in_every_format(tmp_path: Path) -> None:
    text = load(tables.text_file(tmp_path, tables.MIXED), **FILLED)
    rows = [[_cell(cell) for cell in row] for row in csv.reader(io.StringIO(tables.MIXED))]
    assert same(text, load(tables.workbook(tmp_path, {"One": rows}), **FILLED))
    columns = {str(name): list(values) for name, *values in zip(*rows, strict=True)}
    assert same(text, load(tables.parquet_file(tmp_path, **columns), **FILLED))
    german = tables.MIXED.replace(",", ";").replace(".", ",").replace('"', "")
    assert same(text, load(tables.text_file(tmp_path, german, "german.csv"), **FILLED))


def _cell(text: str) -> Any:
    for kind in (int, float, datetime.date.fromisoformat):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def test_a_person_corrects_every_guess(tmp_path: Path) -> None:
    path = tables.text_file(tmp_path, "zip,n,t,day,y\n8001,1,x y,01/02/2020,1\n3000,2,z,03/04/2020,2\n8001,3,x y,,3\n")
    chosen = load(
        path,
        categories=("zip", "t"),
        ignored=("n",),
        dates=("day",),
        date_order="day first",
        missing="zero",
        task="regression",
    )
    assert chosen.feature_names == ("zip = 3000", "zip = 8001", "t = x y", "t = z", "day")
    days = [(datetime.date(2020, month, day) - datetime.date(1970, 1, 1)).days for month, day in ((2, 1), (4, 3))]
    assert chosen.inputs.tolist() == [[0, 1, 1, 0, days[0]], [1, 0, 0, 1, days[1]], [0, 1, 1, 0, 0]]
    assert chosen.task == "regression" and chosen.targets.tolist() == [[1], [2], [3]]
    ordinal = load(path, categories=("zip",), ignored=("t", "day"), category_encoding="ordinal number", target="zip")
    assert ordinal.class_names == ("3000", "8001") and ordinal.feature_names == ("n", "y")
    ordinal = load(path, categories=("t", "n"), ignored=("day",), category_encoding="ordinal number", target="zip")
    assert ordinal.inputs.tolist() == [[0, 0, 1], [1, 1, 2], [2, 0, 3]]


@pytest.mark.parametrize(
    ("values", "settings", "task"),
    [
        ("0 1 0 1", {}, "classification"),
        ("1 2 3 1 2 3", {}, "classification"),
        ("1 2 3 4 5 6", {}, "regression"),
        ("1.5 2 1.5 2", {}, "regression"),
        ("1 2 3 1 2 3", {"task": "regression"}, "regression"),
        ("1 2 3 1 2 3", {"numbers": ("y",)}, "regression"),
        ("1 2 3 4 5 6", {"task": "classification"}, "classification"),
        ("1.5 2.5 1.5 2.5", {"categories": ("y",)}, "classification"),
        ("yes no yes no", {}, "classification"),
        ("2020-01-01 2020-01-02 2020-01-05", {}, "regression"),
    ],
)
def test_the_task_is_guessed_and_can_be_chosen(
    tmp_path: Path, values: str, settings: dict[str, Any], task: str
) -> None:
    content = "a,y\n" + "".join(f"{n * n},{value}\n" for n, value in enumerate(values.split()))
    assert load(tables.text_file(tmp_path, content), **settings).task == task


def test_classes_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    data = load(tables.text_file(tmp_path, "a,y\n" + "".join(f"{n},{n % 12}\n" for n in range(48))))
    assert data.class_names == tuple(map(str, range(12))) and data.targets.tolist() == [n % 12 for n in range(48)]


def test_groups_times_and_several_targets(tmp_path: Path) -> None:
    content = "when,who,a,u,v\n2020-01-03,bo,1,10,5\n2020-01-01,al,2,20,6\n2020-01-02,bo,3,30,7\n"
    data = load(
        tables.text_file(tmp_path, content),
        **{"target": "v", "targets": ("u",), "group_column": "who", "time_column": "when"},
    )
    assert data.feature_names == ("a",) and data.target_name == "v and u"
    assert data.targets.tolist() == [[5, 10], [6, 20], [7, 30]] and data.task == "regression"
    assert data.groups is not None and data.groups.tolist() == [1, 0, 1] and data.groups.dtype == np.int64
    assert data.times is not None and (data.times - data.times.min()).tolist() == [2, 0, 1]
    classes = tables.text_file(tmp_path, "a,u,v\n1,x,5\n2,y,6\n")
    with pytest.raises(ValueError, match=r"line 2, column 'u': a number"):
        load(classes, targets=("u",))


def test_inspecting_says_what_becomes_of_each_column(tmp_path: Path) -> None:
    path = tables.text_file(tmp_path, tables.MIXED)
    found = TableFile(path=path).inspect()
    shown = {column.name: column for column in found.columns}
    assert {name: column.kind for name, column in shown.items()} == {
        **{"id": "identifier", "age": "whole number", "colour": "category", "born": "date", "member": "yes/no"},
        **{"price": "number", "city": "category", "species": "category"},
    }
    assert shown["id"].becomes == "left out: only a number of the row" and shown["age"].missing == 1
    assert shown["colour"].becomes == "3 columns of 0 and 1" and shown["colour"].distinct == 3
    assert shown["colour"].examples == ("red", "blue", "green") and shown["species"].becomes == "the target: 2 classes"
    assert "line 4, column 'age'" in shown["age"].problem and shown["age"].problem in found.problems
    assert found.rows == 6 and found.whole and found.task == "classification"
    assert not TableFile(path=path, **FILLED).inspect().problems
    with pytest.raises(ValueError, match="line 4, column 'age'"):
        load(path)


def test_inspecting_a_large_file_looks_at_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "SAMPLE_BYTES", 200)
    monkeypatch.setattr(table_file, "SAMPLE_ROWS", 20)
    monkeypatch.setattr(_table_text, "PIECE", 100)
    text = tables.text_file(tmp_path, "a,y\n" + "".join(f"{n},{n}.5\n" for n in range(1000)) + "x,1\n")
    found = TableFile(path=text).inspect()
    assert not found.whole and 10 < found.rows < 40 and not found.problems
    assert "line 1002, column 'a'" in TableFile(path=text).inspect(whole=True).problems[0]
    parquet = tables.parquet_file(tmp_path, a=list(range(1000)), y=[n / 2 for n in range(1000)])
    assert TableFile(path=parquet).inspect().rows == 20


def test_rows_of_another_file_become_the_same_numbers(tmp_path: Path) -> None:
    trained = TableFile(path=tables.text_file(tmp_path, tables.MIXED), **FILLED)
    other = tables.text_file(tmp_path, "city,price,member,born,colour,age\nGenf,2,no,1970-01-02,red,\n", "other.csv")
    encoded = trained.encode(Path(other))
    assert encoded.tolist()[0][1:] == [1, 0, 0, 1, 1, 0, 0, 2, 0, 0, 0, 1, 0] and np.isnan(encoded[0, 0])
    assert np.array_equal(trained.encode(Path(trained.path)), trained.load().inputs, equal_nan=True)
    for content, words in (
        ("city,price,member,born,colour\nGenf,2,no,1970-01-02,red\n", "has no column 'age'"),
        ("city,price,member,born,colour,age\nGenf,2,no,1970-01-02,pink,3\n", "line 2, column 'colour'.*'pink'"),
        ("city,price,member,born,colour,age\nGenf,2,no,1970-01-02,,3\n", "line 2, column 'colour'.*nothing"),
        ("city,price,member,born,colour,age\nGenf,much,no,1970-01-02,red,3\n", "line 2, column 'price'.*'much'"),
        ("city,price,member,born,colour,age\nGenf,2,no,1.2.1970,red,3\n", "line 2, column 'born'.*'1.2.1970'"),
    ):
        with pytest.raises(ValueError, match=words):
            trained.encode(Path(tables.text_file(tmp_path, content, "other.csv")))


# -- the written source


def test_the_written_source_makes_the_same_rows(tmp_path: Path) -> None:
    text = tables.text_file(tmp_path, tables.MIXED)
    many = "who,c,y\n" + "".join(f"g{n % 150},{n % 110},{n}.25\n" for n in range(400)) + ",,1\n"
    hostile = "sep=;\na;a;größe;;y\n1,5;2;süß;x;1\n;;;;\n2;3;;z;2\n;3;saß;x;2\n"
    shifted = "a,b,c,d,e,f,y\n" + "".join(f"{n},{n},,{n}.5,{n},{n * n},{n}.1\n" for n in range(9))
    wide = ",".join([f"column number {n}" for n in range(40)]) + ",y\n"
    wide += "".join(
        ",".join([str(n % 7) if n % 11 else ""] * 40) + f",a long name of class {n % 9}\n" for n in range(60)
    )
    leave = dict.fromkeys(("missing", "missing_categories", "missing_targets"), "leave out the row")
    datasets = [
        TableFile(path=text, **FILLED),
        TableFile(path=text, **{**FILLED, "missing": "zero"}, category_encoding="ordinal number", target="price")
        .with_(missing_targets="leave out the row"),
        TableFile(path=text, **leave, group_column="city", time_column="born", target="member"),
        TableFile(
            path=tables.text_file(tmp_path, many, "many.csv"),
            categories=("c",),
            group_column="who",
            missing_targets="leave out the row",
            missing_categories="own category",
        ),
        TableFile(
            path=tables.text_file(tmp_path, hostile, "hostile.csv", "cp1252"), **FILLED, categories=("column 4",)
        ),
        TableFile(path=tables.text_file(tmp_path, shifted, "shifted.csv"), targets=("f",)),
        TableFile(path=tables.text_file(tmp_path, wide, "wide.csv"), missing="leave out the row"),
        TableFile(path=tables.text_file(tmp_path, shifted.replace("\n", "\r"), "cr.csv", "utf-16"), header=False)
        .with_(categories=tuple(f"column {n}" for n in range(1, 8)), missing_categories="own category", task="guess"),
        TableFile(path=tables.workbook(tmp_path, {"One": [["x"]], "Two": [["a", "a", "y"], [1, "=1", 2.5], [2, 3, 4]]}))
        .with_(sheet="Two"),
        TableFile(
            path=tables.parquet_file(
                tmp_path,
                a=pl.Series(["u", " v", "u", "NA"], dtype=pl.Categorical),
                b=[True, False, None, True],
                c=[datetime.date(2020, 1, n) for n in range(1, 5)],
                d=[datetime.datetime(2020, 1, n, 6) for n in range(1, 5)],
                e=pl.Series([1, 2, 3, 2**40]),
                f=[1.5, float("nan"), 2.5, 3.5],
                y=pl.Series(["1.50", "2.25", "3", "4"]).cast(pl.Decimal(10, 2)),
            ),
            **FILLED,
        ),
    ]  # fmt: skip
    assert_the_same(datasets, tmp_path)
    assert_linted(tmp_path)


# -- large tables


def rows_of(count: int) -> str:
    random = np.random.default_rng(1)
    lines = ["a,colour,note,y"]
    for number in range(count):
        note = ["", '"x, y"', '"say ""hm"""', '"two\nlines"', "plain"][number % 5]
        lines.append(f"{random.standard_normal()!r},{'rgb'[number % 3]},{note},{random.standard_normal()!r}")
    return "\n".join(lines) + "\n"


def test_large_tables_are_kept_in_files_and_are_the_same(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"categories": ("note",), "missing_categories": "own category", "group_column": "colour"}
    text = tables.text_file(tmp_path, rows_of(500))
    frame = pl.read_csv(text, infer_schema_length=None)
    parquet = tables.parquet_file(tmp_path, **{name: frame[name] for name in frame.columns})
    small = load(text, **settings)
    assert not cache.exists() and not isinstance(small.inputs, np.memmap)
    cut_small(monkeypatch)
    for path in (text, parquet):
        large = load(path, **settings)
        assert isinstance(large.inputs, np.memmap) and same(small, large)
        assert large.groups is not None and np.array_equal(small.groups, large.groups)
        with monkeypatch.context() as within:
            within.setattr(TableFile, "_planned", _never)  # what was kept is read, and the table is not
            assert same(small, load(path, **settings))
            with pytest.raises(AssertionError):
                load(path, **settings, task="classification")  # other settings make another table
    assert not list(cache.rglob("*.tmp"))


def _never(*given: object) -> Any:
    raise AssertionError("it is read again")


@pytest.mark.parametrize("after", [1, 5, 9, 25, 60])
def test_a_reading_that_is_stopped_leaves_nothing_behind(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    cut_small(monkeypatch)
    path = tables.text_file(tmp_path, rows_of(300))
    told: list[float | None] = []

    def listen(share: float | None, words: str) -> bool:
        told.append(share)
        assert words.endswith("data.csv")
        return len(told) <= after

    with told_to(listen), pytest.raises(Cancelled):
        load(path, ignored=("note",))
    assert len(told) == after + 1
    assert not [file for file in cache.rglob("*") if file.suffix in (".tmp", ".npy")]
    assert load(path, ignored=("note",)).rows == 300


def test_how_far_it_is_only_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_small(monkeypatch)
    path = tables.text_file(tmp_path, rows_of(300))
    shares: list[float] = []
    with told_to(lambda share, words: shares.append(share or 0.0) or True if "rows" in words else True):
        load(path, ignored=("note",))
    assert shares == sorted(shares) and shares[-1] == 1 and len(set(shares)) > 20


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tables.text_file(tmp_path, "a,y\n1,2.5\n2,3.5\n")
    read = table_file.encoded

    def change(*given: Any) -> np.ndarray:
        os.utime(path, ns=(1, 1))
        return read(*given)

    monkeypatch.setattr(table_file, "encoded", change)
    with pytest.raises(ValueError, match="changed while it was read"):
        load(path)


def test_a_table_in_the_project_needs_no_file(tmp_path: Path) -> None:
    path = tables.text_file(tmp_path, tables.iris_text())
    sha256 = fingerprint(Path(path))
    embedded = TableFile(path=path, sha256=sha256, embedded=True)
    before = embedded.load()
    assert hold(Path(path).read_bytes()) == sha256
    Path(path).unlink()
    assert same(before, embedded.load())


# -- pieces of a text

CELLS = st.text(st.sampled_from('ab,;"\n\r é1.'), max_size=6).map(lambda text: text.replace("\r", ""))


@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=30),
    piece=st.integers(1, 60),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_pieces_hold_the_rows_that_the_csv_module_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], piece: int, ending: str, encoding: str
) -> None:
    place = io.StringIO()
    writer = csv.writer(place, lineterminator=ending)
    writer.writerows([("x", "y"), *rows])
    path = Path(tables.text_file(tmp_path_factory.mktemp("pieces"), place.getvalue(), encoding=encoding))
    with pytest.MonkeyPatch.context() as within:
        within.setattr(_table_text, "PIECE", piece)
        table = TextTable(path, separator="comma")
        found = [row for block in table.blocks() for row in block.rows()]
        assert table.names == ("x", "y") and found == rows
        reader = csv.reader(io.StringIO(place.getvalue(), newline=""))
        lines = 0
        for row, _ in enumerate(reader, -1):
            if row >= 0:
                assert table.place(row) == f"line {lines + 1}"
            lines = reader.line_num
