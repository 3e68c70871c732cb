"""Files of tables, as people and programs write them, whole and damaged."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

Cells = Sequence[Sequence[Any]]


def text_file(folder: Path, content: str | bytes, name: str = "data.csv", encoding: str = "utf-8") -> str:
    """A file with this text, or with these bytes."""
    place = folder / name
    place.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return str(place)


def parquet_file(folder: Path, name: str = "data.parquet", **columns: Any) -> str:
    place = folder / name
    pl.DataFrame(columns).write_parquet(place)
    return str(place)


def workbook(folder: Path, sheets: dict[str, Cells], name: str = "data.xlsx") -> str:
    """An Excel workbook; a text that begins with = is a formula, with 42 as its stored value."""
    place = folder / name
    with xlsxwriter.Workbook(str(place), {"default_date_format": "yyyy-mm-dd"}) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(number, column, cell, None, 42)
                    else:
                        sheet.write(number, column, cell)
    return str(place)


def repacked(path: str, member: str, content: bytes, stated: int | None = None) -> str:
    """The workbook with another member in place of one; `stated` is the size that it claims to have unpacked."""
    parts = {}
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            parts[name] = content if name == member else packed.read(name)
    place = io.BytesIO()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    data = place.getvalue()
    if stated is not None:
        data = data.replace(len(content).to_bytes(4, "little"), stated.to_bytes(4, "little"))
    Path(path).write_bytes(data)
    return path


def iris_text() -> str:
    """The flowers that scikit-learn brings along, as a table of text."""
    from sklearn.datasets import load_iris

    flowers = load_iris()
    lines = ["sepal length,sepal width,petal length,petal width,species"]
    for row, number in zip(flowers.data.tolist(), flowers.target, strict=True):
        lines.append(",".join([*map(repr, row), str(flowers.target_names[number])]))
    return "\n".join(lines) + "\n"


# Everything that a table may have and that can be turned into numbers.
MIXED = """id,age,colour,born,member,price,city,species
1,31,red,1990-05-01,yes,"1250.5",Bern,cat
2,42,blue,1980-01-31,no,900,Bern,dog
3,,red,1975-12-24,yes,1e3,,dog
4,28,green,1993-07-14,yes,870.25,Basel,cat
5,55,blue,1966-03-03,no,,Genf,dog
6,61,red,,no,1100,Basel,cat
"""


# Six rows of Parquet whose second page claims to hold a negative number of values: polars 2.1 asks for so much memory
# that its process is ended at once.
_HUGE_PAGE = (
    "c-noEJ#X7E5Qa%f6^uZGha4dR9<)SAP$RX~I+B6_3FR88(J$F3P-KfzSxNvW3haD2W2R31DIJRbfDA#W{*aCtI~Bc?*q}>$Ao!5H"
    "d*8c(i5z#qfPL711r{*IIIBZb)D;cIM~bE*Fc2Wx(1#|NVAev5>-xuU8W>KGnN7#$DKKG)FC3S5!@UN{rZ8<&&%b50=g)0rzEh*2"
    "*i>9rw0B_1Sz#tNSX2!@aa`U#XHHApa0mq!;qjgWW@uQ=*?M8j%JK{h2F8kplQCE#E>Q2ZoVNE>YyD?#@mUAKykA)KkJjQ&2b+mo"
    "O;}z7u}mY_mK=}YzTcdGIGh}(_7DDqVq;HY3}_24@P0K?_v-1TlyljyIFgSO%wJy8`%ub4)eVUq+G5&XKgXi5crdN&Vp+*Bk{RXE"
    "a!<y^pFVMqQUUp27Z0M{N-)4$Y#tBEA330TFqC2P4n<LY9@WzRh)j$6zB`c2ev_2bbT)TaPZwv0<;j|RF`3Pe$`jXL@2+>;)r0e+"
    "Y32rb)bS6pr+J?FL7s<x)_vv&VcLmOKkDVVp9kqAi~KdG-C_(E`;MO_!QcBE#_xnI"
)


def with_a_huge_page(folder: Path) -> str:
    return text_file(folder, zlib.decompress(base64.b85decode(_HUGE_PAGE)), "data.parquet")
