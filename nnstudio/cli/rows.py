"""Rows of a CSV file as numbers, with a sentence for everything that can be wrong with them."""

from __future__ import annotations

import csv
import math
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from nnstudio.cli.output import complain
from nnstudio.cli.refusal import Refusal

_DELIMITERS = ",;\t"
_LONGEST_LINE = 4 << 20
_LARGEST = float(np.finfo(np.float32).max)  # the network computes with numbers of this size
_LARGEST_WHOLE = 2.0**53


def read(file: str, features: Sequence[str], size: int, *, whole: bool = False) -> np.ndarray:
    """The rows as float64 [rows, size], in the order of the features.

    A first line of names is matched to the features, whatever the case, the punctuation and the unit in brackets;
    other columns are left out. Where no name matches, or the features have no names, there must be exactly `size`
    columns, which are taken in their order.

    Raises:
        Refusal: the file cannot be read, a column is missing, or something is not a number.
    """
    name = Path(file).name
    lines = _lines(file, name)
    header = lines[0][1]
    columns = list(range(size))
    names = [f"column {place + 1}" for place in columns]
    if _is_header(header, features):
        columns = _columns(name, header, features, size)
        names = [f"column {header[place].strip()!r}" for place in columns]
        lines = lines[1:]
        if not lines:
            raise Refusal(f"{name} has no rows below its first line.")
    elif len(header) != size:
        raise Refusal(f"{name} has {_columns_of(len(header))}, but the network takes {size}{_named(features)}.")
    rows = np.empty((len(lines), size))
    for row, (number, cells) in enumerate(lines):
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            more = f"{_columns_of(len(cells))}, but the first line has {len(header)}"
            raise Refusal(f"{name}, line {number}: the line has {more}.")
        for place, column in enumerate(columns):
            rows[row, place] = _number(f"{name}, line {number}, {names[place]}", cells, column, whole)
    return rows


def _lines(file: str, name: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number in the file."""
    try:
        kind = os.stat(file).st_mode  # asked before it is opened: a pipe may wait, and a device may never end
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            raise Refusal(f"{file} is not a file.")
        with open(file, encoding="utf-8-sig", newline="") as opened:
            first = next(_bounded(opened, name), "")
            opened.seek(0)
            delimiter = max(_DELIMITERS, key=first.count)
            reader = csv.reader(_bounded(opened, name), delimiter=delimiter, strict=True)
            lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except OSError as error:
        raise Refusal(f"{file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise Refusal(f"{name} cannot be read: it is not a text in UTF-8.") from error
    except csv.Error as error:
        open_quote = "a cell is very long; is a quotation mark left open?"
        reason = open_quote if "field limit" in str(error) else str(error)
        raise Refusal(f"{name} cannot be read as CSV: {reason.rstrip('.?')}.") from error
    if not lines:
        raise Refusal(f"{name} is empty.")
    return lines


def _bounded(opened: TextIO, name: str) -> Iterator[str]:
    """The lines of a file; one that is endless is refused before it fills the memory."""
    while line := opened.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise Refusal(f"{name} is no table: one of its lines has more than {_LONGEST_LINE:,} characters.")
        yield line


def _is_header(cells: list[str], features: Sequence[str]) -> bool:
    """Whether these are names. Numbers are none, unless a feature is among the others: a damaged row is no header."""
    if not any(map(_is_number, cells)):
        return True
    wanted = {key(feature) for feature in features for key in (_plain, _without_unit)}
    return any(key(cell) in wanted for cell in cells for key in (_plain, _without_unit))


def _columns(name: str, header: list[str], features: Sequence[str], size: int) -> list[int]:
    """Where each feature is."""
    missing = list(features)
    for key in (_plain, _without_unit):
        places, missing = _places(name, header, features, key)
        if places and not missing:
            return places
        if len(missing) < len(features):
            break
    if len(header) == size and len(missing) == len(features):
        if features:
            complain(f"{name} names none of the features; its columns were taken in their order{_named(features)}.")
        return list(range(size))
    if missing:
        has = ", ".join(title.strip() for title in header[:200])
        raise Refusal(f"{name} has no column {missing[0]!r}; it has {has[:200]}.")
    raise Refusal(f"{name} has {_columns_of(len(header))}, but the network takes {size}.")


def _places(
    name: str, header: list[str], features: Sequence[str], key: Callable[[str], str]
) -> tuple[list[int], list[str]]:
    """(the column of each feature that is found, the features that are not), names compared by `key`."""
    wanted = {key(feature) for feature in features}
    found: dict[str, int] = {}
    for place, title in enumerate(header):
        plain = key(title)
        if plain in found and plain in wanted:
            raise Refusal(f"{name} has two columns called {title.strip()!r}.")
        found.setdefault(plain, place)
    missing = [feature for feature in features if key(feature) not in found]
    return [found[key(feature)] for feature in features if key(feature) in found], missing


def _number(place: str, cells: list[str], column: int, whole: bool) -> float:
    if column >= len(cells):
        raise Refusal(f"{place}: the line has only {_columns_of(len(cells))}.")
    text = cells[column].strip()
    if not text:
        raise Refusal(f"{place} is empty, but a number is needed.")
    if not _is_number(text) or not math.isfinite(float(text)):
        point = " with a decimal point" if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text) else ""
        raise Refusal(f"{place} is {text[:40]!r}, but a number{point} is needed.")
    number = float(text)
    if whole and not number.is_integer():
        raise Refusal(f"{place} is {text[:40]!r}, but a whole number is needed.")
    if abs(number) > (_LARGEST_WHOLE if whole else _LARGEST):
        raise Refusal(f"{place} is {text[:40]!r}, which is too large to compute with.")
    return number


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", " ", title).strip().casefold()


def _without_unit(title: str) -> str:
    """`petal width (cm)` as people also write it: `petal_width`."""
    return _plain(re.sub(r"\([^)]*\)", " ", title))


def _columns_of(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _named(features: Sequence[str]) -> str:
    return f" ({', '.join(features)})" if 0 < len(features) <= 12 else ""
