"""The plan of what becomes of each column of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nnstudio.core.data import Task


@dataclass(frozen=True)
class Column:
    """A column as the window shows it.

    Attributes:
        name: of the column.
        kind: what it seems to be: "number", "whole number", "yes/no", "category", "date", "text", "constant",
            "identifier", "empty" (no value at all) or "unreadable" (lists, bytes).
        becomes: what is made of it, in a few words.
        distinct: how many different values it has; None: too many to count.
        missing: how many values are missing.
        examples: some of its values.
        problem: what stands in the way, one sentence; empty when nothing does.
    """

    name: str
    kind: str
    becomes: str
    distinct: int | None
    missing: int
    examples: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True)
class Use:
    """How one column is turned into numbers.

    Attributes:
        column: its name.
        way: "number", "yes/no", "days", "one-hot", "ordinal", or "codes" for classes and groups.
        words: the categories in their order.
        absent: the word for a missing category; empty: none is missing.
        written: how dates are written.
        indicator: whether a column says where it is missing.
    """

    column: str
    way: str
    words: tuple[str, ...] = ()
    absent: str = ""
    written: str = ""
    indicator: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What the numbers are called that it is turned into."""
        own = tuple(f"{self.column} = {word}" for word in self.words) if self.way == "one-hot" else (self.column,)
        return (*own, f"{self.column} is missing") if self.indicator else own


@dataclass(eq=False)
class Plan:
    """What becomes of a table.

    Attributes:
        decimal: the decimal mark.
        columns: what is shown of each column.
        features, targets: what the inputs and the targets are made of.
        group, time: what groups and times are made of, if they are.
        task: whether classes or values are predicted.
        needed: the columns in which nothing may be missing: rows in which it is are left out.
        fill: what a missing number is filled with, from the training rows; see `Data.fill`.
        zero: whether it is filled with 0 at once.
        problems: what stands in the way, one sentence each.
        notices: what a person should know.
    """

    decimal: str
    columns: list[Column] = field(default_factory=list)
    features: list[Use] = field(default_factory=list)
    targets: list[Use] = field(default_factory=list)
    group: Use | None = None
    time: Use | None = None
    task: Task = "classification"
    needed: list[str] = field(default_factory=list)
    fill: str = ""
    zero: bool = False
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(name for use in self.features for name in use.names)


def in_order(words: set[str]) -> tuple[str, ...]:
    """Numbers by their size, other words by their letters."""
    return tuple(sorted(words, key=order_of(words)))


def order_of(words: set[str] | Sequence[str]) -> Callable[[str], tuple[float, str]] | None:
    """What words are sorted by; None: by their letters."""
    return (lambda word: (float(word), word)) if words and all(map(is_number, words)) else None


def is_number(word: str) -> bool:
    """Whether a word is a finite number."""
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def plain_number(word: str) -> str:
    """A number in the usual way of writing, other words as they are."""
    # Larger whole numbers are not all the same in a float.
    return repr(float(word)) if is_number(word) and abs(float(word)) < 2**53 else word
