"""The guess of what a column of a table is."""

from __future__ import annotations

import re

import polars as pl

from nnstudio.library.datasets._table_facts import Facts

YES = frozenset({"1", "on", "t", "true", "y", "yes"})
NO = frozenset({"0", "off", "f", "false", "n", "no"})
_FEW = 10  # different texts that are categories however few rows there are
_MANY = 200  # and so many where each comes about twice or more
_CLASSES = 20  # different whole numbers that are taken for classes
_NAMES = re.compile(r"(^|[\W_])(id|ids|index|row|nr|no|number|key|uuid|guid)$|^(unnamed|column 1$|#)", re.IGNORECASE)
_OWN_NUMBER = 20  # rows, from which on a different text in each is taken for an identifier


def kind(facts: Facts, decimal: str) -> str:
    """What a column seems to be: see `Column.kind`."""
    if not facts.present:
        return "empty"
    if not facts.readable:
        return "unreadable"
    if facts.temporal:
        return "date"
    if facts.distinct == 1 and facts.present > 1:
        return "constant"
    if facts.dtype == pl.Boolean:
        return "yes/no"
    if 2 * numbers(facts, decimal) >= facts.present:
        return _kind_of_number(facts, decimal)
    if facts.dates and not facts.numbers:
        return "date"
    return _kind_of_text(facts)


def numbers(facts: Facts, decimal: str) -> int:
    """How many values are numbers with this decimal mark."""
    return facts.comma_numbers if decimal == "," and facts.dtype == pl.String else facts.numbers


def is_class(facts: Facts, decimal: str) -> bool:
    """Whether a column that is to be predicted holds classes, as far as can be guessed."""
    found = kind(facts, decimal)
    if found == "constant":
        return facts.numbers < facts.present or facts.whole
    if found in ("whole number", "identifier") and facts.distinct is not None and numbers(facts, decimal):
        return facts.distinct <= 2 or (facts.distinct <= _CLASSES and 2 * facts.distinct <= facts.present)
    return found in ("category", "yes/no", "text")


def _kind_of_number(facts: Facts, decimal: str) -> str:
    if numbers(facts, decimal) < facts.present or not facts.whole:
        return "number"
    if facts.words is not None and facts.words <= {"0", "1"}:
        return "yes/no"
    return "identifier" if _NAMES.search(facts.name) and _counts_rows(facts) else "whole number"


def _counts_rows(facts: Facts) -> bool:
    """Whether whole numbers count the rows one by one, or are at least another one in each of many."""
    if facts.rising and facts.high - facts.low == facts.present - 1:
        return facts.present > 2
    different = facts.rising if facts.distinct is None else facts.distinct == facts.present
    return different and facts.present >= _OWN_NUMBER


def _kind_of_text(facts: Facts) -> str:
    if facts.words is None:
        return "text"
    lowered = {word.lower() for word in facts.words}
    if lowered <= YES | NO and lowered & YES and lowered & NO:
        return "yes/no"
    if len(facts.words) <= _FEW or (len(facts.words) <= _MANY and 2 * len(facts.words) <= facts.present):
        return "category"
    of_its_own = len(facts.words) == facts.present >= _OWN_NUMBER
    return "identifier" if of_its_own and _unbroken(facts.words) else "text"


def _unbroken(words: set[str]) -> bool:
    return not any(" " in word for word in words)
