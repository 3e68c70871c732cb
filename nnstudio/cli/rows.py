"""Rows of a CSV file as numbers, with a sentence for everything that can be wrong with them."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnstudio.cli.refusal import Refusal

_DELIMITERS = ",;\t"


def read(file: str, features: Sequence[str], size: int, *, whole: bool = False) -> np.ndarray:
    """The rows as float64 [rows, size], in the order of the features.

    A first line of names is matched to the features, whatever the case and the punctuation; other columns are left
    out. Where no name matches, or the features have no names, there must be exactly `size` columns.

    Raises:
        Refusal: the file cannot be read, a column is missing, or something is not a number.
    """
    name = Path(file).name
    lines = _lines(file, name)
    number, header = lines[0]
    columns = list(range(size))
    names = [f"column {place + 1}" for place in columns]
    if not all(_is_number(cell) for cell in header):
        columns = _columns(name, header, features, size)
        names = [f"column {header[place].strip()!r}" for place in columns]
        lines = lines[1:]
        if not lines:
            raise Refusal(f"{name} has no rows below its first line.")
    elif len(header) != size:
        raise Refusal(f"{name} has {_columns_of(len(header))}, but the network takes {size}{_named(features)}.")
    rows = np.empty((len(lines), size))
    for row, (number, cells) in enumerate(lines):
        for place, column in enumerate(columns):
            rows[row, place] = _number(f"{name}, line {number}, {names[place]}", cells, column, whole)
    return rows


def _lines(file: str, name: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number in the file."""
    try:
        with open(file, encoding="utf-8-sig", newline="") as opened:
            first = opened.readline()
            opened.seek(0)
            delimiter = max(_DELIMITERS, key=first.count)
            reader = csv.reader(opened, delimiter=delimiter, strict=True)
            lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except OSError as error:
        raise Refusal(f"{file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise Refusal(f"{name} cannot be read: it is not a text in UTF-8.") from error
    except csv.Error as error:
        raise Refusal(f"{name} cannot be read as CSV: {error}.") from error
    if not lines:
        raise Refusal(f"{name} is empty.")
    return lines


def _columns(name: str, header: list[str], features: Sequence[str], size: int) -> list[int]:
    """Where each feature is."""
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        plain = _plain(title)
        if plain in places and plain in map(_plain, features):
            raise Refusal(f"{name} has two columns called {title.strip()!r}.")
        places.setdefault(plain, place)
    missing = [feature for feature in features if _plain(feature) not in places]
    if features and not missing:
        return [places[_plain(feature)] for feature in features]
    if len(header) == size and len(missing) == len(features):
        return list(range(size))  # other names, yet the right number of columns: taken in their order
    if missing:
        has = ", ".join(title.strip() for title in header)
        raise Refusal(f"{name} has no column {missing[0]!r}; it has {has[:200]}.")
    raise Refusal(f"{name} has {_columns_of(len(header))}, but the network takes {size}.")


def _number(place: str, cells: list[str], column: int, whole: bool) -> float:
    if column >= len(cells):
        raise Refusal(f"{place}: the line has only {_columns_of(len(cells))}.")
    text = cells[column].strip()
    if not text:
        raise Refusal(f"{place} is empty, but a number is needed.")
    if not _is_number(text) or not math.isfinite(float(text)):
        raise Refusal(f"{place} is {text[:40]!r}, but a number is needed.")
    if whole and not float(text).is_integer():
        raise Refusal(f"{place} is {text[:40]!r}, but a whole number is needed.")
    return float(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", " ", title).strip().casefold()


def _columns_of(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _named(features: Sequence[str]) -> str:
    return f" ({', '.join(features)})" if 0 < len(features) <= 12 else ""
