"""Tables as they should not be: each works, or is refused in one sentence that says where and what to do."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from library import tables
from nnstudio.core.data import Data
from nnstudio.library.datasets import _table_text, _table_workbook
from nnstudio.library.datasets.table_file import TableFile

ROWS = "a,b,y\n1,2,u\n3,4,v\n5,6,u\n"
SHEET = [["a", "b", "y"], [1, 2, "u"], [3, 4, "v"], [5, 6, "u"]]
PLAIN = [[1, 2], [3, 4], [5, 6]]
Make = Callable[[Path], str]


@dataclass(frozen=True)
class Works:
    """A case that is read: what must be true of it."""

    make: str | bytes | Make
    check: Callable[[Data], bool] = lambda data: data.inputs.tolist() == PLAIN
    settings: dict[str, Any] = field(default_factory=dict)
    notice: str = ""
    name: str = "data.csv"


@dataclass(frozen=True)
class Refused:
    """A case that is refused: what the sentence must say."""

    make: str | bytes | Make
    words: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    name: str = "data.csv"


def made(case: Works | Refused, folder: Path) -> TableFile:
    path = case.make(folder) if callable(case.make) else tables.text_file(folder, case.make, case.name)
    return TableFile(path=path, **case.settings)


def book(**sheets: Any) -> Make:
    return lambda folder: tables.workbook(folder, sheets)


def parquet(**columns: Any) -> Make:
    return lambda folder: tables.parquet_file(folder, **columns)


def target(data: Data) -> list[Any]:
    return [data.class_names[number] for number in data.targets] if data.class_names else data.targets[:, 0].tolist()


def a_folder(folder: Path) -> str:
    (folder / "data.csv").mkdir()
    return str(folder / "data.csv")


def with_password(folder: Path) -> str:
    return tables.text_file(folder, bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "data.xlsx")


def truncated(make: Make) -> Make:
    def cut(folder: Path) -> str:
        path = Path(make(folder))
        path.write_bytes(path.read_bytes()[:-200])
        return str(path)

    return cut


def far_away(folder: Path) -> str:
    path = tables.workbook(folder, {"One": SHEET})
    cell = b'<c r="XFD1048576"><v>1</v></c>'
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    return tables.repacked(path, "xl/worksheets/sheet1.xml", sheet + cell + b"</row></sheetData></worksheet>")


def bomb(stated: int | None) -> Make:
    # Half a gigabyte of blanks in half a megabyte; the tests make the limit smaller.
    return lambda folder: tables.repacked(
        tables.workbook(folder, {"One": SHEET}), "xl/worksheets/sheet1.xml", b" " * (40 << 20), stated
    )


def numbered(column: str, values: list[str]) -> str:
    return f"{column},y\n" + "".join(f"{value},{'uv'[place % 2]}\n" for place, value in enumerate(values))


CASES: dict[str, Works | Refused] = {
    # how many rows
    "no bytes": Refused(b"", ("data.csv is empty", "0 bytes")),
    "blank lines only": Refused("\n\n  \n", ("nothing but blanks",)),
    "a header only": Refused("a,b,y\n", ("data.csv has no rows below",)),
    "a header without a line end": Refused("a,b,y", ("data.csv has no rows below",)),
    "one row": Works("a,y\n1,2.5\n", lambda data: data.inputs.tolist() == [[1]] and target(data) == [2.5]),
    "one row of a class": Refused("a,y\n1,u\n", ("column 'y'", "the same class, 'u'")),
    "only blank rows": Refused("a,y\n,\n,\n", ("no rows below",)),
    "blank rows between": Works("a,b,y\n1,2,u\n\n3,4,v\n,,\n5,6,u\n\n", notice="3 empty rows were skipped"),
    # columns
    "a single column": Refused("y\n1\n2\n", ("single column", "Separator")),
    "all missing": Works("a,z,b,y\n1,,2,u\n3,NA,4,v\n5,,6,u\n", notice="Left out (no values): 'z'."),
    "all missing, asked for": Refused("a,z,y\n1,,u\n3,,v\n", ("column 'z'", "no values"), {"numbers": ("z",)}),
    "constant": Works("a,k,b,y\n1,7,2,u\n3,7,4,v\n5,7,6,u\n", notice="Left out (the same in all rows): 'k'."),
    "constant, asked for": Works(
        "a,k,y\n1,7,u\n3,7,v\n", lambda data: data.inputs.tolist() == [[1, 7], [3, 7]], {"numbers": ("k",)}
    ),
    "nothing but constants": Refused("k,y\n7,u\n7,v\n", ("no column left to predict 'y' from",)),
    "numbers of rows": Works("id,a,b,y\n1,1,2,u\n2,3,4,v\n3,5,6,u\n", notice="'id'"),
    "texts": Refused(
        numbered("review", [f"a text of its own, {n}".replace(",", "") for n in range(30)]),
        ("column 'review'", "30 different ones", "among the categories"),
    ),
    "texts left out": Works(
        "a,b,t,y\n" + "".join(f"{n},{n % 7},text no {n},{'uv'[n % 2]}\n" for n in range(30)),
        lambda data: data.feature_names == ("a", "b"),
        {"ignored": ("t",)},
    ),
    "texts as categories": Works(
        numbered("t", [f"text {n}" for n in range(30)]), lambda d: d.inputs.shape == (30, 30), {"categories": ("t",)}
    ),
    "the same name twice": Works(
        "x,x,x_1,y\n1,2,3,u\n4,5,6,v\n", lambda d: d.feature_names == ("x", "x (2)", "x_1"), notice="'x (2)'"
    ),
    "a name that is taken": Works(
        "x,x,x (2),,y\n1,2,3,4,u\n4,5,6,7,v\n",
        lambda data: data.feature_names == ("x", "x (3)", "x (2)", "column 4"),
    ),
    "a name that is not there": Refused(ROWS, ("no column 'z'", "'a', 'b', 'y'"), {"target": "z"}),
    "twenty thousand columns and more": Refused(
        ",".join(f"c{n}" for n in range(100_001)) + "\n" + ",".join("1" * 100_001) + "\n",
        ("has 100,001 columns", "at most 20,000"),
    ),
    "a million columns": Refused("1," * 1_000_000 + "1\n", ("1,000,001 columns",), {"header": False}),
    "an endless line": Refused(b"x" * 4096, ("first row has more than",), name="data.txt"),
    # missing values
    "missing in the target": Refused(
        "a,y\n1,u\n2,\n3,v\n", ("data.csv, line 3, column 'y'", "nothing stands there", '"Missing targets"')
    ),
    "missing in the target, left out": Works(
        "a,b,y\n1,2,u\n9,9,\n3,4,v\n5,6,u\n", settings={"missing_targets": "leave out the row"}, notice="1 of 4 rows"
    ),
    "no target at all": Refused("a,y\n1,\n2,\n", ("column 'y'", "no value in any row")),
    "missing numbers": Refused(
        "a,b,y\n1,2,u\n,4,v\n?,4,v\n", ("line 3, column 'a'", "nor in 1 other row)", '"Missing"')
    ),
    "a hyphen": Refused("a,y\n1,u\n-,v\n3,u\n", ("line 3, column 'a'", "nothing stands there")),
    "NaN": Works(
        "a,b,y\n1,2,u\nNaN,4,v\n5,6,u\n",
        lambda data: np.isnan(data.inputs[1, 0]) and data.fill == "mean",
        {"missing": "mean"},
        notice="filled with its mean in the training rows",
    ),
    "missing categories": Refused("c,y\nr,u\n,v\nr,u\ng,v\n", ("line 3, column 'c'", '"Missing categories"')),
    "a value in no row": Refused(
        "a,b,y\n1,,u\n,2,v\n", ("no row is left", "its 2 rows"), {"missing": "leave out the row"}
    ),
    # numbers
    "both decimal marks": Refused(
        "a;b;y\n1,5;2;u\n1.5;3;v\n", ("line 2, column 'a'", "'1,5'", "decimal point", "Decimal to ','")
    ),
    "both decimal marks in quotation marks": Refused(
        'a,b,y\n1.5,2,u\n"1,5",3,v\n2.5,1,u\n', ("line 3, column 'a'", "'1,5'", "Decimal to ','")
    ),
    "decimal commas": Works("a;b;y\n1,5;2;u\n-3,25;4;v\n", lambda data: data.inputs.tolist() == [[1.5, 2], [-3.25, 4]]),
    "thousands": Refused(
        'a,y\n"1,234",u\n"2,500",v\n7,u\n12,v\n', ("line 2, column 'a'", "'1,234'", "between thousands")
    ),
    "too large for the network": Refused("a,y\n1,u\n1e308,v\n", ("line 3, column 'a'", "3.4e38", "'1e308'")),
    "infinity": Refused("a,y\n1,u\n-inf,v\n2,u\n", ("line 3, column 'a'", "'-inf'")),
    "too large for any": Refused("a,y\n1,u\n1e999,v\n2,u\n", ("line 3, column 'a'", "'1e999'")),
    "whole numbers above 2^53": Works(
        "a,y\n9007199254740993,u\n5,v\n", lambda data: data.inputs[0, 0] == 2.0**53, notice="of 2^53 and more"
    ),
    "names that are numbers above 2^53": Works(
        "a,y\n9007199254740993,u\n9007199254740992,v\n",
        lambda data: data.inputs.tolist() == [[0, 1], [1, 0]],
        {"categories": ("a",)},
    ),
    "a word among numbers": Refused(
        "a,y\n1,u\n2,v\nthree,u\n4,v\n", ("data.csv, line 4, column 'a'", "'three'", "Correct it")
    ),
    "blanks about numbers": Works("a , b ,y\n 1,2 ,u\n3 , 4,v\n5,6,u\n"),
    # words, dates
    "yes and no": Works(
        "a,b,y\nyes,TRUE,u\nno,false,v\nYes,f,u\n", lambda data: data.inputs.tolist() == [[1, 1], [0, 0], [1, 0]]
    ),
    "dates": Works(
        "d,y\n1970-01-02,u\n1969-12-31,v\n", lambda data: data.inputs.tolist() == [[1], [-1]] and data.task[0] == "c"
    ),
    "dates with times": Works(
        "d,y\n1970-01-02 12:00:00,u\n1970-01-01 06:00:00.5,v\n", lambda d: abs(d.inputs[0, 0] - 1.5) < 1e-12
    ),
    "dates of two readings": Refused("d,y\n01/02/2020,u\n03/04/2020,v\n", ("'01/02/2020'", "Date order")),
    "dates with the month first": Works(
        "d,y\n01/02/1970,u\n01/04/1970,v\n", lambda d: d.inputs.tolist() == [[1], [3]], {"date_order": "month first"}
    ),
    "dates that tell": Works("d,y\n01/02/1970,u\n13/01/1970,v\n", lambda d: d.inputs.tolist() == [[31], [12]]),
    "a wrong date": Refused(
        "d,y\n2020-01-01,u\n2020-02-30,v\n", ("line 3, column 'd'", "'2020-02-30'"), {"dates": ("d",)}
    ),
    # classes
    "classes from 1": Works("a,y\n1,1\n2,2\n3,3\n4,1\n5,2\n6,3\n", lambda d: d.class_names == ("1", "2", "3")),
    "classes of -1 and 1": Works("a,y\n1,-1\n2,1\n", lambda d: d.class_names == ("-1", "1") and d.targets[0] == 0),
    "one class": Refused("a,y\n1,u\n2,u\n", ("column 'y'", "the same class, 'u'", "nothing to tell apart")),
    "a rare class": Works(
        numbered("a", [str(n) for n in range(3000)]).replace(",v", ",u").replace("\n5,u", "\n5,v", 1),
        lambda data: np.bincount(data.targets).tolist() == [2999, 1],
    ),
    "classes that differ in case": Works("a,y\n1,Cat\n2,cat\n", lambda d: d.classes == 2, notice="'Cat' and 'cat'"),
    # letters and line ends
    "a byte order mark": Works(b"\xef\xbb\xbf" + ROWS.encode(), lambda data: data.feature_names == ("a", "b")),
    "UTF-16": Works(ROWS.encode("utf-16"), lambda data: data.feature_names == ("a", "b")),
    "UTF-16 without a mark": Refused(ROWS.encode("utf-16-le"), ("no text has", "UTF-16")),
    "Windows-1252": Works(
        "größe,y\n1,süß\n2,bitter\n".encode("cp1252"),
        lambda data: data.feature_names == ("größe",) and "süß" in data.class_names,
        notice="Windows-1252",
    ),
    "no known letters": Refused(b"a,y\n1,\x81\x8d\n2,v\n", ("encoding of letters",)),
    "emoji and right to left": Works(
        "😀,גודל,y\n1,2,سمك\n3,4,🐟\n5,6,سمك\n",
        lambda data: data.feature_names == ("😀", "גודל") and set(data.class_names) == {"سمك", "🐟"},
    ),
    "CRLF": Works(ROWS.replace("\n", "\r\n"), lambda d: d.inputs.tolist() == PLAIN and d.class_names == ("u", "v")),
    "CR": Works(ROWS.replace("\n", "\r"), lambda d: d.inputs.tolist() == PLAIN and d.class_names == ("u", "v")),
    "no line end at the end": Works(ROWS.rstrip()),
    "line ends in quotation marks": Works(
        'a,b,y\n1,2,"u\nor so"\n3,4,"say ""v"""\n5,6,"u\nor so"\n',
        lambda data: data.inputs.tolist() == PLAIN and data.class_names == ('say "v"', "u\nor so"),
    ),
    "the line after a quoted line end": Refused(
        'a,y\n1,"u\n\nv"\nx,"w"\n3,w\n', ("data.csv, line 5, column 'a'", "'x'")
    ),
    "a separator line": Works("sep=;\na;b;y\n1;2;u\n3;4;v\n5;6;u\n"),
    "semicolons": Works(ROWS.replace(",", ";")),
    "tabs": Works(ROWS.replace(",", "\t"), name="data.tsv"),
    "bars": Works(ROWS.replace(",", "|"), name="data.txt"),
    "blanks": Works(ROWS.replace(",", " "), settings={"separator": "space"}),
    "no header": Works("1,2,u\n3,4,v\n5,6,u\n", settings={"header": False}),
    "a header that is a row": Works("1,2,0\n3,4,1\n5,6,0\n", lambda data: data.rows == 2, notice="switch Header off"),
    # damaged texts
    "a row that is too short": Refused("a,b,y\n1,2,u\n3,4\n", ("data.csv, line 3", "2 columns", "has 3")),
    "a short row among quoted ones": Refused('a,b,y\n1,2,"u\n"\n3,4\n', ("data.csv, line 4", "2 columns")),
    "a row that is too long": Refused("a,b,y\n1,2,u\n3,4,v,w\n", ("data.csv, line 3", "4 columns", "has 3")),
    "a quotation mark inside": Refused('a,y\n1,5" pipe\n2,v\n', ("data.csv, line 2", "quotation mark")),
    "a quotation mark left open": Refused('a,b,y\n1,2,"u\n3,4,v\n', ("data.csv", "quotation mark")),
    "bytes": Refused(bytes(range(256)) * 20, ("data.csv", "no text has")),
    "a folder": Refused(a_folder, ("data.csv is a folder",)),
    "a file that is gone": Refused(lambda folder: str(folder / "gone.csv"), ("gone.csv cannot be read",)),
    "no file": Refused(lambda folder: "", ("No file is chosen",)),
    # Parquet
    "Parquet": Works(parquet(a=[1, 3, 5], b=[2.0, 4.0, 6.0], y=["u", "v", "u"])),
    "lists in Parquet": Refused(parquet(a=[[1], [2]], y=["u", "v"]), ("column 'a'", "List", "ignored")),
    "NaN in Parquet": Refused(parquet(a=[1.0, float("nan")], y=["u", "v"]), ("row 2, column 'a'", "nothing")),
    "infinity in Parquet": Refused(parquet(a=[1.0, float("inf")], y=["u", "v"]), ("row 2, column 'a'", "'inf'")),
    "whole numbers above 2^53 in Parquet": Works(
        parquet(a=[2**53 + 1, 2**53], y=["u", "v"]), lambda d: d.inputs.shape == (2, 2), {"categories": ("a",)}
    ),
    "broken Parquet": Refused(truncated(parquet(a=[1, 2], y=["u", "v"])), ("cannot be read as Parquet",)),
    "Parquet that ends the reader's process": Refused(tables.with_a_huge_page, ("it is damaged",)),
    "text called Parquet": Refused(ROWS, ("cannot be read as Parquet",), name="data.parquet"),
    "Parquet without rows": Refused(parquet(a=[], y=[]), ("no rows",)),
    # Excel
    "Excel": Works(book(One=SHEET)),
    "several sheets": Works(book(One=SHEET, Two=[["x"]]), notice="Of 2 sheets ('One', 'Two') the first was read"),
    "another sheet": Works(book(One=[["x"]], Two=SHEET), settings={"sheet": "Two"}),
    "a sheet that is not there": Refused(book(One=SHEET), ("no sheet 'Two'", "'One'"), {"sheet": "Two"}),
    "an empty sheet": Refused(book(One=[]), ("nothing in its sheet 'One'",)),
    "formulas": Works(
        book(One=[["a", "y"], ["=1+1", "u"], [7, "v"]]), lambda data: data.inputs.tolist() == [[42], [7]]
    ),
    "a word among numbers in Excel": Refused(
        book(One=[["a", "y"], [1, "u"], ["x", "v"], [2, "u"]]), ("data.xlsx, row 3, column 'a'", "'x'")
    ),
    "a table further down in Excel": Refused(
        book(One=[[], [], ["", "a", "y"], ["", 1, "u"], [], ["", "x", "v"], ["", 2, "u"]]),
        ("data.xlsx, row 6, column 'a'", "'x'"),
    ),
    "broken Excel": Refused(truncated(book(One=SHEET)), ("data.xlsx is no Excel workbook, or a damaged one",)),
    "text called Excel": Refused(ROWS, ("no Excel workbook",), name="data.xlsx"),
    "a password": Refused(with_password, ("has a password",)),
    "a cell far away": Refused(far_away, ("column 16,384 and row 1,048,576",)),
    "a bomb": Refused(bomb(None), ("more than 32 MB when it is unpacked",)),
    "a bomb that lies": Refused(bomb(1000), ("more than 32 MB when it is unpacked",)),
}


@pytest.fixture(autouse=True)
def limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNSTUDIO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_table_workbook, "LARGEST_UNPACKED", 32 << 20)


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_table(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    if name == "an endless line":
        monkeypatch.setattr(_table_text, "LONGEST_ROW", 1000)
    dataset = made(case, tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if isinstance(case, Works):
        data = dataset.load()
        assert case.check(data), (data.inputs, data.targets, data.feature_names, data.class_names)
        assert case.notice in " ".join(data.notices), data.notices
        assert all(notice.endswith(".") for notice in data.notices)
        assert (data.notices != ()) == bool(case.notice) or name in _SAY_MORE, data.notices
        assert not dataset.inspect().problems
    else:
        with pytest.raises((ValueError, OSError)) as caught:
            dataset.load()
        sentence = str(caught.value)
        assert all(words in sentence for words in case.words), sentence
        assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 420, sentence
        assert "Error" not in sentence and "polars" not in sentence, sentence
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


_SAY_MORE = {"a name that is taken", "dates", "bars"}
