"""What some rows look like as a whole: histograms of the features and of the target, and how many rows each class has.

Histograms are of a sample of at most a hundred thousand rows; counts of classes are of all rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.reading import tell
from nnstudio.engine.data import PARTS, Prepared

SAMPLE = 100_000
_SAMPLE_NUMBERS = 1 << 24
BINS = 32
MOST_FEATURES = 200
_MOST_VALUES = 24  # whole numbers with no more different values get a column each


@dataclass(frozen=True, eq=False)
class Histogram:
    """How the values of one feature are spread in each part.

    Attributes:
        name: of the feature.
        edges: of the columns, float [columns + 1].
        shares: for each part that has rows, the share of its values in each column, float [columns].
        missing: the share of the values that are no number.
    """

    name: str
    edges: np.ndarray
    shares: Mapping[str, np.ndarray]
    missing: float

    @property
    def tallest(self) -> float:
        return max((float(shares.max()) for shares in self.shares.values() if len(shares)), default=0.0)


@dataclass(frozen=True, eq=False)
class Overview:
    """What was found.

    Attributes:
        features: a histogram for each feature, of the first ones where there are very many. For pictures, one of the
            brightness of each channel.
        target: of the value to be predicted; None for classes.
        counts: of each class in each part that has rows, int64 [classes]; empty for regression.
        sampled: how many rows the histograms are of; 0 when they are of all.
    """

    features: tuple[Histogram, ...]
    target: Histogram | None
    counts: Mapping[str, np.ndarray]
    sampled: int


def overview(prepared: Prepared) -> Overview:
    """Look at the rows.

    Raises:
        Cancelled: whoever waits for it has stopped it.
    """
    data = prepared.data
    rows, parts = _sample(prepared)
    names, columns = _columns(data, rows)
    features = []
    for place, name in enumerate(names):
        tell(place / len(names), "Counting values")
        values = columns[place]
        spread = len(values) // max(len(rows), 1) or 1  # numbers of one row: the pixels of a channel
        features.append(histogram(name, values, np.repeat(parts, spread)))
    target = None
    if not data.classes:
        target = histogram(data.target_name, np.asarray(data.targets[rows][:, 0], np.float64), parts)
    return Overview(tuple(features), target, counts(prepared), 0 if len(rows) == data.rows else len(rows))


def counts(prepared: Prepared) -> dict[str, np.ndarray]:
    """How many rows (or places) of each part are of each class."""
    data = prepared.data
    found: dict[str, np.ndarray] = {}
    for name in PARTS:
        rows = prepared.part(name).rows
        if data.classes and len(rows):
            tell(None, "Counting classes")
            targets = np.asarray(data.targets[rows]).ravel()
            found[name] = np.bincount(targets[targets >= 0], minlength=data.classes)  # below 0: a place without one
    return found


def histogram(name: str, values: np.ndarray, parts: np.ndarray) -> Histogram:
    """The spread of some values; `parts` says of each which part it belongs to, as a place in PARTS."""
    finite = np.isfinite(values)
    seen, parts_seen = values[finite], parts[finite]
    edges = _edges(seen)
    shares: dict[str, np.ndarray] = {}
    for number, part in enumerate(PARTS):
        here = seen[parts_seen == number]
        if len(here):
            shares[part] = np.histogram(here, edges)[0] / len(here)
    return Histogram(name, edges, shares, float(1 - finite.mean()) if len(values) else 0.0)


def _edges(values: np.ndarray) -> np.ndarray:
    """Where columns begin and end: one for each of a few whole numbers, else equally wide ones."""
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    if high - low < _MOST_VALUES and np.array_equal(values, np.rint(values)):
        return np.arange(low - 0.5, high + 1.0)
    if not math.isfinite(high - low):
        low, high = low / 2, high / 2
    return np.linspace(low, high, BINS + 1)


def _sample(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers in order, the same share of each part, and the part of each."""
    size = max(1, math.prod(prepared.data.inputs.shape[1:]))
    total = sum(len(prepared.part(name)) for name in PARTS)
    most = min(SAMPLE, max(200, _SAMPLE_NUMBERS // size))
    chosen, numbers = [], []
    for number, name in enumerate(PARTS):
        rows = prepared.part(name).rows
        if total > most and len(rows):
            wanted = max(1, round(most * len(rows) / total))
            rows = rows[np.linspace(0, len(rows) - 1, wanted).astype(np.int64)]
        chosen.append(rows)
        numbers.append(np.full(len(rows), number, np.int8))
    rows, parts = np.concatenate(chosen), np.concatenate(numbers)
    order = np.argsort(rows, kind="stable")  # a file is read forwards
    return rows[order], parts[order]


def _columns(data: Data, rows: np.ndarray) -> tuple[list[str], list[np.ndarray]]:
    """The names of what gets a histogram, and its values."""
    inputs = np.asarray(data.inputs[rows])
    if inputs.ndim == 1:
        inputs = inputs[:, None]
    if inputs.ndim == 2 and (np.issubdtype(inputs.dtype, np.floating) or data.feature_names):
        shown = min(inputs.shape[1], MOST_FEATURES)
        names = list(data.feature_names[:shown]) or [f"x{i + 1}" for i in range(shown)]
        return names, [inputs[:, i].astype(np.float64) for i in range(shown)]
    if inputs.ndim == 2:
        return ["token"], [inputs.reshape(len(inputs), -1).astype(np.float64).ravel()]
    channels = inputs.shape[1] if inputs.ndim == 4 else 1
    flat = inputs.reshape(len(inputs), channels, -1).astype(np.float64)
    if inputs.dtype == np.uint8:
        flat /= 255
    what = "brightness" if inputs.ndim == 4 else "value"
    names = {1: [what], 3: ["red", "green", "blue"]}.get(channels, [f"channel {i + 1}" for i in range(channels)])
    return names[:MOST_FEATURES], [flat[:, i].ravel() for i in range(channels)]
