"""What the readers of tables have in common: columns with names, rows in blocks, and a word for each place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from nnstudio.core.reading import tell

MOST_COLUMNS = 20_000


@dataclass(eq=False)
class Table:
    """A table that is open for reading; it can be gone through more than once.

    Attributes:
        path: the file.
        names: of the columns, each different.
        own_names: the names as the file has them; the same unless some were empty or not different.
        notices: what a person should know of how it is read.
        opening: the Python expression that reads it whole, for the exported script; the file is called `path` in it.
        sheets: the names of the sheets of a workbook.
        whole: whether the blocks reach to the end of the file, or are a first part of it.
        begin, part: where in the whole work this going through begins, and how much of the work it is.
        fewest: how many columns there must be.
    """

    path: Path
    names: tuple[str, ...] = ()
    own_names: tuple[str, ...] = ()
    notices: list[str] = field(default_factory=list)
    opening: str = ""
    sheets: tuple[str, ...] = ()
    whole: bool = True
    begin: float = 0.0
    part: float = 1.0
    share: float = 0.0
    fewest: int = 2

    def blocks(self) -> Iterator[pl.DataFrame]:
        """The rows in blocks, in their order."""
        raise NotImplementedError

    def place(self, row: int) -> str:
        """Where a row is in the file, counted from 0: "line 17"."""
        return f"row {row + 1}"

    def told(self, share: float | None = None) -> None:
        """Say which share of the file has been gone through; None: no more than before."""
        self.share = self.share if share is None else share
        tell(self.begin + self.part * self.share, f"Reading the rows of {self.path.name}")

    def refusal(self, words: str) -> ValueError:
        """A sentence with the name of the file before it."""
        return ValueError(f"{self.path.name}{words}")

    def name_columns(self, written: list[str]) -> None:
        """Take the names of the columns, made different where they are not."""
        if len(written) > MOST_COLUMNS:
            raise self.refusal(
                f" has {len(written):,} columns, but at most {MOST_COLUMNS:,} can be read. "
                "Leave out those that are not needed, or make it an array (a .npy file)."
            )
        theirs = {name.strip() for name in written}
        names: dict[str, None] = {}
        numbers: dict[str, int] = {}
        for place, name in enumerate(written):
            wanted = name.strip() or f"column {place + 1}"
            given = wanted
            # The first of several with one name keeps it; a name that another column has is never given.
            while given in names or (given != name.strip() and given in theirs):
                numbers[wanted] = numbers.get(wanted, 1) + 1
                given = f"{wanted} ({numbers[wanted]})"
            names[given] = None
        self.names, self.own_names = tuple(names), tuple(written)
        again = [given for given, name in zip(names, written, strict=True) if name.strip() and given != name.strip()]
        if again:
            self.notices.append(f"Several columns have the same name; they are called {listed(again)} here.")


def call_of(function: str, first: str, given: dict[str, Any]) -> str:
    """A call as it is written in Python, over several lines where it is long."""
    arguments = [first, *(f"{name}={value!r}" for name, value in given.items())]
    one = f"{function}({', '.join(arguments)})"
    return one if len(one) < 100 else f"{function}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def listed(names: Iterable[str], most: int = 5) -> str:
    """The first of some names as a sentence has them."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(repr(name[:40]) for name in names[:most]) + more
