"""One pass over all rows of a dataset: the range of each column, what is no number, and a hash of each row.

Data larger than the memory is read piece by piece. What would take too long is sampled, and the result says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nnstudio.core.reading import tell
from nnstudio.engine.data import Prepared

# Numbers that are looked at: about two seconds. With more, whole stretches of rows are left out.
MOST_NUMBERS = 1 << 28
_PIECE_NUMBERS = 1 << 22
# Columns with figures of their own; what has more is a picture or a sequence, or nobody reads the list.
MOST_COLUMNS = 20_000


@dataclass(frozen=True, eq=False)
class Pass:
    """What was found.

    Attributes:
        rows: the numbers of the rows that were looked at, int64, in order; all of them, or a sample.
        complete: whether they are all.
        hashes: of each of these rows, uint64: the same for the same numbers.
        low, high: the range of each column [size] of what is a number; NaN where nothing is one.
        missing, infinite: how many numbers of each column [size] are not-a-number, and infinite.
    """

    rows: np.ndarray
    complete: bool
    hashes: np.ndarray
    low: np.ndarray
    high: np.ndarray
    missing: np.ndarray
    infinite: np.ndarray


def pass_over(prepared: Prepared) -> Pass:
    """Look at the rows, at all of them where that is quick."""
    inputs = prepared.data.inputs
    count, size = len(inputs), math.prod(inputs.shape[1:])
    step = max(1, _PIECE_NUMBERS // max(size, 1))
    starts = np.arange(0, count, step)
    affordable = max(4, MOST_NUMBERS // max(size * step, 1))
    if len(starts) > affordable:
        starts = starts[np.linspace(0, len(starts) - 1, affordable).astype(int)]
    columns = min(size, MOST_COLUMNS)
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    missing, infinite = np.zeros(columns, np.int64), np.zeros(columns, np.int64)
    rows, hashes = [], []
    for place, first in enumerate(starts):
        tell(place / len(starts), "Looking at the rows")
        piece = np.ascontiguousarray(inputs[first : first + step]).reshape(-1, size)
        rows.append(np.arange(first, first + len(piece)))
        hashes.append(_hashes(piece))
        seen = piece[:, :columns]
        if np.issubdtype(seen.dtype, np.floating):
            finite = np.isfinite(seen)
            if not finite.all():
                missing += np.isnan(seen).sum(axis=0)
                infinite += np.isinf(seen).sum(axis=0)
                low = np.minimum(low, np.where(finite, seen, np.inf).min(axis=0))
                high = np.maximum(high, np.where(finite, seen, -np.inf).max(axis=0))
                continue
        low, high = np.minimum(low, seen.min(axis=0)), np.maximum(high, seen.max(axis=0))
    empty = low > high
    low[empty] = high[empty] = np.nan
    looked = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    found = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
    return Pass(looked, len(looked) == count, found, low, high, missing, infinite)


def _hashes(piece: np.ndarray) -> np.ndarray:
    """A number for each row that depends on all its numbers and their order: multiply, shift, add; eight at a time."""
    if np.issubdtype(piece.dtype, np.floating):
        piece = piece + piece.dtype.type(0)  # no negative zero
    raw = piece.view(np.uint8).reshape(len(piece), -1)
    spare = -raw.shape[1] % 8
    if spare:
        raw = np.pad(raw, ((0, 0), (0, spare)))
    words = np.ascontiguousarray(raw).view(np.uint64)
    found = np.full(len(words), 0x9E3779B97F4A7C15, np.uint64)
    for column in range(words.shape[1]):
        found = (found ^ words[:, column]) * np.uint64(0xFF51AFD7ED558CCD)
        found ^= found >> np.uint64(32)
    return found
