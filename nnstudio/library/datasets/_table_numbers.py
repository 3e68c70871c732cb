"""How a column becomes one number in each row, or the sentence that says why it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from nnstudio.library.datasets._table_facts import Facts
from nnstudio.library.datasets._table_kinds import NO, YES, numbers
from nnstudio.library.datasets._table_plan import Use
from nnstudio.library.datasets._table_reader import Table
from nnstudio.library.datasets._table_settings import TableSettings
from nnstudio.library.datasets._table_text import TextTable

_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+")
_PUT_ASIDE = "put the column among the categories or the ignored ones"


def said(table: Table, of: Facts, row: int | None, words: str) -> str:
    """A sentence about a column with the place before it."""
    place = f", {table.place(row)}" if row is not None else ""
    return f"{table.path.name}{place}, column {of.name[:60]!r}: {words}."


def one_number(table: Table, of: Facts, choices: TableSettings, decimal: str) -> Use | str:
    """The use of a column as one number, or the sentence that says why it is none."""
    if not of.present or not of.readable:
        return said(table, of, None, "it has no values that can be read. Put the column among the ignored ones")
    forced = of.name in choices.dates
    looks_so = bool(of.dates) and of.wrong is not None and not of.numbers and of.name not in choices.numbers
    if of.temporal or looks_so or (forced and of.dtype == pl.String and of.wrong is not None):
        return _date(table, of, choices.date_order)
    if forced:
        row, text = 0, of.examples[0] if of.examples else ""
        return said(table, of, row, f"a date is needed, but {text!r} stands there. Take the column from the dates")
    if of.dtype == pl.String and numbers(of, decimal) < of.present:
        lowered = {word.lower() for word in of.words or ()}
        return Use(of.name, "yes/no") if lowered and lowered <= YES | NO else _no_number(table, of, decimal)
    if of.outside is not None:
        row, text = of.outside
        words = f"a finite number of at most 3.4e38 is needed, but {text!r} stands there"
        return said(table, of, row, f"{words}. Correct it, or name it among the missing words")
    return Use(of.name, "number")


def cautions(of: Facts) -> Iterator[str]:
    """What a person should know of a column that is used as one number."""
    if of.numbers == of.present and of.whole and max(-of.low, of.high) >= 2**53:
        yield (
            f"{of.name!r} holds whole numbers of 2^53 and more, whose last digits no network sees. If they are names "
            f"rather than amounts, {_PUT_ASIDE}."
        )


def _date(table: Table, of: Facts, order: str) -> Use | str:
    if of.temporal:
        return Use(of.name, "days")
    left = [way for way in of.dates if not (order == "day first" and way.startswith("%m"))]
    left = [way for way in left if not (order == "month first" and way.startswith(("%d/", "%d-")))]
    if not left:
        row, text = of.undated or (0, of.examples[0] if of.examples else "")
        words = f"a date such as 2026-01-31 is needed, but {text!r} stands there"
        return said(table, of, row, f"{words}. Write all dates in the same way, or choose another Date order")
    if left[0].startswith("%d") and any(way.startswith("%m") for way in left):
        text = of.examples[0] if of.examples else ""
        words = f"dates such as {text!r} can be read with the day or with the month first"
        return said(table, of, None, f"{words}. Choose which under Date order")
    return Use(of.name, "days", written=left[0])


def _no_number(table: Table, of: Facts, decimal: str) -> str:
    comma = decimal == ","
    row, text = (of.comma_wrong if comma else of.wrong) or (0, "")
    words = f"a number with a decimal {'comma' if comma else 'point'} is needed, but {text!r} stands there"
    other = "." if comma else ","
    remedy = f"Correct it, or {_PUT_ASIDE}"
    if isinstance(table, TextTable) and other in text and text.replace(other, "").lstrip("+-").isdigit():
        remedy = f"Write all numbers in the same way, or set Decimal to {other!r}"
        if _THOUSANDS.fullmatch(text):
            remedy = f"Take out the marks between thousands, or set Decimal to {other!r} if that is what it is"
    return said(table, of, row, f"{words}. {remedy}")
