"""Columns of a table as arrays. The exported script holds these functions as they stand here, so they stand alone."""

from __future__ import annotations

import numpy as np
import polars as pl
from polars import selectors as cs


def cleaned(table: pl.DataFrame, absent: list[str]) -> pl.DataFrame:
    """Texts without blanks around them, and nothing in the places where no value is."""
    texts = (cs.string() | cs.categorical() | cs.enum()).cast(pl.String).str.strip_chars()
    return table.with_columns(texts.replace(absent, None), cs.float().fill_nan(None))


def number(column: pl.Series, decimal: str = ".") -> np.ndarray:
    """The numbers of a column; not-a-number where none is."""
    if column.dtype == pl.String and decimal == ",":
        column = column.str.replace(",", ".", literal=True)
    return column.cast(pl.Float64).to_numpy()


def yes_no(column: pl.Series) -> np.ndarray:
    """1 for yes, 0 for no, not-a-number where neither is."""
    yes = column.str.to_lowercase().is_in(["1", "on", "t", "true", "y", "yes"])
    return yes.cast(pl.Float64).to_numpy()


def days(column: pl.Series, written: str = "") -> np.ndarray:
    """Days since the beginning of 1970; not-a-number where no date is."""
    if column.dtype == pl.String:
        column = column.str.to_datetime(written, time_unit="us")
    return (column.dt.epoch("us") / 86_400_000_000).to_numpy()


def codes(column: pl.Series, words: list[str], absent: str = "") -> np.ndarray:
    """The place of each value among the words; `absent` is the word for no value."""
    texts = column.cast(pl.String)
    if absent:
        texts = texts.fill_null(absent)
    return texts.cast(pl.Enum(words)).to_physical().cast(pl.Int64).to_numpy()


def one_hot(column: pl.Series, words: list[str], absent: str = "") -> np.ndarray:
    """A column for each word: 1 in the rows that have it, 0 in the others."""
    return (codes(column, words, absent)[:, None] == np.arange(len(words))).astype(np.float64)


def is_missing(column: pl.Series) -> np.ndarray:
    """1 in the rows without a value, 0 in the others."""
    return column.is_null().cast(pl.Float64).to_numpy()
