"""What a table holds, column by column: how many values are numbers, which words there are, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from nnstudio.library.datasets._table_arrays import cleaned
from nnstudio.library.datasets._table_reader import Table

MOST_WORDS = 10_000  # different values of a column that are remembered
MOST_GROUPS = 5_000_000
_SOME_WORDS = 100  # and of a column of numbers that is not asked for by its words
LARGEST = float(np.finfo(np.float32).max)  # the network computes with numbers of this size
AT_ONCE = 1000  # columns, before it is told how far the work is
_EXAMPLES = 5
_FEW = 2000  # values of which the different ones are found faster without the table's library
# How dates are written, the usual ways first. Those with two readings come as pairs: the day or the month before.
DATES = tuple(
    f"{day}{time}"
    for day in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")
    for time in ("", " %H:%M", " %H:%M:%S%.f", "T%H:%M:%S%.f", "T%H:%M:%S%.fZ")
)


@dataclass(frozen=True, eq=False)
class Measure:
    """The smallest and the largest of some numbers, whether all are whole and grow, and their places in the file."""

    low: float
    high: float
    whole: bool
    rising: bool
    rows: np.ndarray


@dataclass(eq=False)
class Facts:
    """What is known of one column.

    Attributes:
        name: of the column.
        dtype: its type in the file.
        most_words: how many different values are remembered; 0: as many as are usual.
        exact: whether each text was a number as it stands, without blanks to be taken away.
        rows, absent: how many values could be there, and how many are not.
        first_absent: the row of the first that is not.
        numbers, comma_numbers: how many are numbers with a decimal point, or with a comma.
        wrong, comma_wrong: the row and the text of the first that is not.
        commas: whether a number with a decimal comma was seen, that is none with a point.
        whole: whether all numbers are whole ones.
        low, high: the smallest and the largest number.
        outside: the row and the text of the first number that is infinite or too large.
        rising: whether each number is larger than the one before.
        words: the different values; None when there are too many to remember.
        dates: the ways of writing dates that fit all values.
        undated: the row and the text of the first that is no date.
        examples: the first different values.
    """

    name: str
    dtype: pl.DataType
    most_words: int = 0
    rows: int = 0
    absent: int = 0
    first_absent: int = -1
    numbers: int = 0
    comma_numbers: int = 0
    wrong: tuple[int, str] | None = None
    comma_wrong: tuple[int, str] | None = None
    commas: bool = False
    whole: bool = True
    low: float = np.inf
    high: float = -np.inf
    outside: tuple[int, str] | None = None
    rising: bool = True
    words: set[str] | None = field(default_factory=set)
    dates: tuple[str, ...] = DATES
    undated: tuple[int, str] | None = None
    examples: list[str] = field(default_factory=list)
    exact: bool = True

    @property
    def present(self) -> int:
        """How many values there are."""
        return self.rows - self.absent

    @property
    def distinct(self) -> int | None:
        """How many different values there are; None: too many to remember."""
        return None if self.words is None else len(self.words)

    @property
    def temporal(self) -> bool:
        """Whether the file itself says that they are dates."""
        return self.dtype == pl.Date or isinstance(self.dtype, pl.Datetime)

    @property
    def readable(self) -> bool:
        """Whether one value is one number, word or date; not a list or bytes."""
        return self.temporal or self.dtype.is_numeric() or self.dtype in (pl.String, pl.Boolean, pl.Null)

    def add(self, column: pl.Series, rows: np.ndarray, decimal_comma: bool) -> None:
        """Take more values into account, which were cleaned; `rows` are their places in the file."""
        if column.dtype != self.dtype and self.dtype != pl.Null:
            self.dtype = column.dtype
        absent = column.null_count()
        if absent and self.first_absent < 0:
            self.first_absent = int(rows[column.is_null().arg_max() or 0])
        self.rows, self.absent, self.exact = self.rows + len(column), self.absent + absent, False
        if not self.readable or absent == len(column):
            return
        self._add_words(column)
        if self.temporal:
            return
        self._add_numbers(column, rows, absent)
        if self.dtype != pl.String:
            return
        if decimal_comma:
            self._add_comma_numbers(column, rows, absent)
        if self.wrong is not None and self.dates:
            self._add_dates(column, rows)

    def add_numbers(self, column: pl.Series, numbers: np.ndarray, measure: Measure, decimal_comma: bool) -> None:
        """Take more texts into account, all of which are numbers; `measure.rows` are their places in the file."""
        self.rows, self.numbers = self.rows + len(column), self.numbers + len(column)
        self._add_words(column)
        if self.outside is None and max(-measure.low, measure.high) > LARGEST:
            self.outside = _first(column, measure.rows, pl.Series(np.abs(numbers) > LARGEST))
        self._measured(measure.low, measure.high, measure.whole, measure.rising, float(numbers[0]))
        if decimal_comma:
            points = column.str.contains(".", literal=True)
            self.comma_numbers += len(column) - int(points.sum())
            if points.any() and self.comma_wrong is None:
                self.comma_wrong = _first(column, measure.rows, points)

    def _add_words(self, column: pl.Series) -> None:
        if self.words is None:
            return
        if len(self.examples) < _EXAMPLES:
            texts = [text for text in column[:100].cast(pl.String).to_list() if text is not None]
            self.examples = list(dict.fromkeys([*self.examples, *texts]))[:_EXAMPLES]
        most = self.most_words or (_SOME_WORDS if self.numbers and self.wrong is None else MOST_WORDS)
        if len(column) > _FEW:
            column = column.unique()
        found = set((column if column.dtype == pl.String else column.cast(pl.String)).to_list()) - {None}
        self.words = None if len(found) > most else self.words | found
        if self.words is not None and len(self.words) > most:
            self.words = None

    def _add_numbers(self, column: pl.Series, rows: np.ndarray, absent: int) -> None:
        values = column.cast(pl.Float64, strict=False).fill_nan(None)
        self.numbers += len(values) - values.null_count()
        if values.null_count() > absent and self.wrong is None:
            self.wrong = _first(column, rows, values.is_null() & column.is_not_null())
        self._measure(column, values, rows)

    def _add_comma_numbers(self, column: pl.Series, rows: np.ndarray, absent: int) -> None:
        # What holds a point is no number when commas are decimal marks: it may be a thousand.
        texts = column.set(column.str.contains(".", literal=True), None)
        values = texts.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).fill_nan(None)
        self.comma_numbers += len(values) - values.null_count()
        self.commas = self.commas or bool((column.str.contains(",", literal=True) & values.is_not_null()).any())
        if values.null_count() > absent and self.comma_wrong is None:
            self.comma_wrong = _first(column, rows, values.is_null() & column.is_not_null())
        if values.null_count() < len(values) and self.numbers < self.present:  # others are measured already
            self._measure(column, values, rows)

    def _measure(self, column: pl.Series, values: pl.Series, rows: np.ndarray) -> None:
        low, high = values.min(), values.max()
        if not isinstance(low, float) or not isinstance(high, float):
            return
        if self.outside is None and max(-low, high) > LARGEST:
            self.outside = _first(column, rows, values.abs() > LARGEST)
        present = values.drop_nulls()
        rising = bool((present.diff().drop_nulls() > 0).all())
        self._measured(low, high, bool((present % 1 == 0).all()), rising, present[0])

    def _measured(self, low: float, high: float, whole: bool, rising: bool, first: float) -> None:
        self.whole = self.whole and whole
        self.rising = self.rising and rising and first > self.high
        self.low, self.high = min(self.low, low), max(self.high, high)

    def _add_dates(self, column: pl.Series, rows: np.ndarray) -> None:
        fitting = []
        wrong = None
        for written in self.dates:
            dates = column.str.to_datetime(written, time_unit="us", strict=False)
            if dates.null_count() == column.null_count():
                fitting.append(written)
            elif wrong is None and dates.null_count() < len(column):
                wrong = _first(column, rows, dates.is_null() & column.is_not_null())
        if not fitting and self.dates:
            self.undated = wrong or _first(column, rows, column.is_not_null())
        self.dates = tuple(fitting)


@dataclass(eq=False)
class TableFacts:
    """What is known of a table.

    Attributes:
        columns: the facts of each, by name.
        rows: how many rows hold something.
        blank: how many rows hold nothing at all; they are skipped.
        absent: the texts that stand for no value.
        whole: whether all rows were looked at.
    """

    columns: dict[str, Facts]
    absent: tuple[str, ...]
    rows: int = 0
    blank: int = 0
    whole: bool = True


def cleaned_blocks(table: Table, absent: tuple[str, ...]) -> Iterator[tuple[pl.DataFrame, np.ndarray]]:
    """The rows that hold something, in blocks, with their places in the file."""
    first = 0
    for block in table.blocks():
        rows = np.arange(first, first + block.height)
        first += block.height
        yield without_blanks(clean(table, block, absent), rows)


def clean(table: Table, block: pl.DataFrame, absent: tuple[str, ...]) -> pl.DataFrame:
    """A block with nothing where a value is missing."""
    if block.width <= AT_ONCE:
        return cleaned(block, ["", *absent])
    parts = []
    for start in range(0, block.width, AT_ONCE):
        table.told()
        parts.append(cleaned(block[:, start : start + AT_ONCE], ["", *absent]))
    return pl.concat(parts, how="horizontal")


def without_blanks(block: pl.DataFrame, rows: np.ndarray) -> tuple[pl.DataFrame, np.ndarray]:
    """The rows of a cleaned block that hold something."""
    if not block.width or not all(column.null_count() for column in block):
        return block, rows
    blank = block.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return block.filter(~blank), rows[~blank.to_numpy()]


def _first(column: pl.Series, rows: np.ndarray, where: pl.Series) -> tuple[int, str]:
    """The place and the text of the first value for which something holds."""
    place = where.fill_null(False).arg_max() or 0
    return int(rows[place]), str(column[place])[:40]
