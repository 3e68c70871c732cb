"""What a person chooses for a table of their own."""

from __future__ import annotations

from typing import ClassVar

from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import field
from nnstudio.library.datasets._table_separators import SEPARATORS


class TableSettings(FileDataset, abstract=True):
    """A table in a file: which column is predicted, and what the others are."""

    history: ClassVar[bool] = False  # whether numbers that are predicted are inputs too, as the past of a series is

    target: str = field("", "The name of the column that is predicted; empty: the last column.")
    targets: tuple[str, ...] = field((), "Names of further columns of numbers that are predicted together with it.")
    task: str = field(
        "guess",
        "What the target is: classes, or values; texts and few different whole numbers are guessed to be classes.",
        choices=("guess", "classification", "regression"),
    )
    ignored: tuple[str, ...] = field((), "Names of columns that are left out.")
    categories: tuple[str, ...] = field((), "Names of columns whose values are categories, whatever they look like.")
    numbers: tuple[str, ...] = field((), "Names of columns that are numbers, or yes and no, whatever they look like.")
    dates: tuple[str, ...] = field((), "Names of columns that are dates; they become days since 1970.")
    date_order: str = field(
        "guess",
        "What comes first in dates such as 03/04/2026.",
        choices=("guess", "day first", "month first"),
    )
    missing: str = field(
        "refuse",
        "What is done where a number is missing; mean, median and most frequent are those of the training rows.",
        choices=("refuse", "leave out the row", "mean", "median", "most frequent", "zero"),
    )
    missing_categories: str = field(
        "refuse",
        "What is done where a category is missing.",
        choices=("refuse", "leave out the row", "own category"),
    )
    missing_targets: str = field(
        "refuse",
        "What is done with a row without a target, group or time.",
        choices=("refuse", "leave out the row"),
    )
    missing_indicator: bool = field(
        False, "For each column with numbers that are filled in, add one that is 1 where the number was missing."
    )
    missing_words: tuple[str, ...] = field(
        ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "-", "?"),
        "The texts that mean that a value is missing; an empty place always does.",
    )
    category_encoding: str = field(
        "one-hot",
        "A column of 0 and 1 for each category, or one column with the number of the category.",
        choices=("one-hot", "ordinal number"),
    )
    group_column: str = field("", "The column that says which rows belong together, for a split by group.")
    time_column: str = field("", "The column that says when a row was measured, for a split by time.")
    sheet: str = field("", "The sheet of an Excel workbook; empty: the first.")
    separator: str = field(
        "guess", "What stands between two columns of a text file.", choices=("guess", *sorted(SEPARATORS))
    )
    decimal: str = field("guess", "The decimal mark of the numbers in a text file.", choices=("guess", ".", ","))
    header: bool = field(True, "Whether the first row holds the names of the columns.")
