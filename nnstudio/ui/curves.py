"""Curves of any length, thinned for the eye.

A `Pyramid` holds the lowest, the highest and the mean of every 4, 16, 64, … numbers of a series that only grows, so
that a million numbers are drawn from a thousand points without losing a spike. `Columns` holds the records of the
epochs as arrays. Numpy alone; nothing here knows how things are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# How many blocks of one level make a block of the next one.
FAN = 4
# What is larger is a gap as well; no plot can show it beside anything else.
LARGEST = 1e50
# A level is not made for fewer blocks than this.
SMALLEST = 64


class _Growing:
    """An array that grows at its end; its last numbers may be written again."""

    def __init__(self, dtype: type = np.float64) -> None:
        self._numbers: np.ndarray = np.empty(64, dtype)
        self.length = 0

    def write(self, first: int, numbers: np.ndarray) -> None:
        needed = first + len(numbers)
        if needed > len(self._numbers):
            larger = np.empty(max(needed, 2 * len(self._numbers)), self._numbers.dtype)
            larger[: self.length] = self._numbers[: self.length]
            self._numbers = larger
        self._numbers[first:needed] = numbers
        self.length = needed

    def view(self) -> np.ndarray:
        return self._numbers[: self.length]


class _Level:
    """Lowest, highest and sum of the finite numbers of each block, and how many they are."""

    def __init__(self) -> None:
        self.low, self.high, self.total = _Growing(), _Growing(), _Growing()
        self.count = _Growing(np.int64)

    @property
    def length(self) -> int:
        return self.low.length

    def write(self, first: int, parts: tuple[np.ndarray, ...]) -> None:
        for column, part in zip((self.low, self.high, self.total, self.count), parts, strict=True):
            column.write(first, part)

    def part(self, first: int, last: int) -> tuple[np.ndarray, ...]:
        return tuple(column.view()[first:last] for column in (self.low, self.high, self.total, self.count))


class Pyramid:
    """A growing series of numbers with the extremes of its blocks. What is not finite is a gap."""

    def __init__(self) -> None:
        self._series = np.zeros(0, np.float32)
        self._levels: list[_Level] = []

    def __len__(self) -> int:
        return len(self._series)

    @property
    def series(self) -> np.ndarray:
        """All numbers, as they came."""
        return self._series

    def clear(self) -> None:
        self._series, self._levels = np.zeros(0, np.float32), []

    def follow(self, series: np.ndarray) -> bool:
        """Take the series as it is now: what was known of it, and more numbers behind. It is not copied.

        A series that does not go on from the known one replaces it. Returns whether anything is new.
        """
        known = len(self._series)
        goes_on = len(series) >= known and (known == 0 or _same(series[known - 1], self._series[known - 1]))
        if not goes_on:
            self.clear()
            known = 0
        elif len(series) == known:
            return False
        self._series = series
        self._grow(known)
        return True

    def _grow(self, known: int) -> None:
        length, place = len(self._series), 0
        while length > SMALLEST:
            if place == len(self._levels):
                self._levels.append(_Level())
                known = 0
            level = self._levels[place]
            # The last known block may have been an incomplete one, so it is made again.
            first = max(known - 1, 0) // FAN
            known = level.length
            begin = first * FAN
            below = _single(self._series[begin:]) if place == 0 else self._levels[place - 1].part(begin, length)
            level.write(first, _joined(below, np.arange(0, length - begin, FAN)))
            length, place = level.length, place + 1

    def thinned(self, first: int, last: int, buckets: int) -> tuple[np.ndarray, np.ndarray]:
        """(positions, numbers) of the series from `first` to before `last`, as at most 2 × `buckets` points.

        Every extreme of the part is among them. A gap is not-a-number.
        """
        first, last = max(first, 0), min(last, len(self._series))
        if last - first <= 2 * buckets:
            return np.arange(first, last, dtype=np.float64), finite(self._series[first:last])
        places, (low, high, _, _) = self._buckets(first, last, buckets)
        # Up in one bucket and down in the next: fewer long strokes across.
        values = np.stack([low, high], axis=1)
        values[1::2] = values[1::2, ::-1]
        return np.repeat(places, 2), values.ravel()

    def means(self, first: int, last: int, buckets: int) -> tuple[np.ndarray, np.ndarray]:
        """(positions, means) of at most `buckets` stretches of equal length."""
        first, last = max(first, 0), min(last, len(self._series))
        if last - first <= buckets:
            return np.arange(first, last, dtype=np.float64), finite(self._series[first:last])
        places, (_, _, total, count) = self._buckets(first, last, buckets)
        return places, np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def extent(self, first: int = 0, last: int | None = None) -> tuple[float, float]:
        """The lowest and the highest finite number; not-a-number twice where there is none."""
        _, values = self.thinned(first, len(self) if last is None else last, 128)
        if np.isnan(values).all():
            return np.nan, np.nan
        return float(np.nanmin(values)), float(np.nanmax(values))

    def _buckets(self, first: int, last: int, buckets: int) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        size, place = 1, -1
        while place + 1 < len(self._levels) and size * FAN * buckets <= last - first:
            size, place = size * FAN, place + 1
        begin, end = first // size, -(-last // size)
        blocks = _single(self._series[begin:end]) if place < 0 else self._levels[place].part(begin, end)
        starts = np.unique(np.linspace(0, end - begin, buckets, endpoint=False).astype(np.int64))
        ends = np.append(starts[1:], end - begin)
        middles = ((starts + ends) / 2 + begin) * size - 0.5
        return np.clip(middles, first, last - 1), _joined(blocks, starts)


def _single(numbers: np.ndarray) -> tuple[np.ndarray, ...]:
    clean = finite(numbers)
    present = ~np.isnan(clean)
    return clean, clean, np.where(present, clean, 0.0), present.astype(np.int64)


def _joined(blocks: tuple[np.ndarray, ...], starts: np.ndarray) -> tuple[np.ndarray, ...]:
    low, high, total, count = blocks
    return (
        np.fmin.reduceat(low, starts),
        np.fmax.reduceat(high, starts),
        np.add.reduceat(total, starts),
        np.add.reduceat(count, starts),
    )


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))


def finite(numbers: np.ndarray) -> np.ndarray:
    """The numbers as float64, with not-a-number for what cannot be drawn."""
    numbers = np.asarray(numbers, np.float64)
    drawable = np.abs(numbers) < LARGEST  # false for not-a-number, too
    return numbers if drawable.all() else np.where(drawable, numbers, np.nan)


class Smooth:
    """A moving average over a growing series, which forgets what is long past; a gap stays a gap."""

    def __init__(self, memory: float = 0.8) -> None:
        self.memory = memory
        self._mean = self._weight = 0.0
        self._averages = _Growing()

    def follow(self, series: np.ndarray) -> np.ndarray:
        """The averages of the series as it is now: what was known of it, and more numbers behind."""
        known = self._averages.length
        added = np.full(len(series) - known, np.nan)
        for place, value in enumerate(series[known:].tolist()):
            if abs(value) < LARGEST:
                self._mean = self.memory * self._mean + (1 - self.memory) * value
                self._weight = self.memory * self._weight + (1 - self.memory)
                added[place] = self._mean / self._weight
        self._averages.write(known, added)
        return self._averages.view()


class Columns:
    """The records of the epochs, column by column: `epoch`, `step`, `lr`, and figures such as ("train", "loss")."""

    def __init__(self) -> None:
        self.generation = 0  # how often other records replaced the known ones
        self._last: Mapping[str, Any] | None = None
        self._length = 0
        self._columns: dict[tuple[str, str], _Growing] = {}

    def __len__(self) -> int:
        return self._length

    def follow(self, records: Sequence[Mapping[str, Any]]) -> bool:
        """Take the records as they are now; those that do not go on from the known ones replace them."""
        known = self._length
        newest = records[known - 1] if 0 < known <= len(records) else None
        if newest is not self._last and newest != self._last:
            self._last, self._columns = None, {}
            self._length = known = 0
            self.generation += 1
            if not records:
                return True
        if len(records) == known:
            return False
        for place in range(known, len(records)):
            self._add(place, records[place])
        self._length, self._last = len(records), records[-1]
        return True

    def _add(self, place: int, record: Mapping[str, Any]) -> None:
        figures: dict[tuple[str, str], Any] = {("", key): record.get(key) for key in ("epoch", "step", "lr")}
        for part in ("train", "validation", "test"):
            figures.update({(part, key): value for key, value in (record.get(part) or {}).items()})
        for key, value in figures.items():
            column = self._columns.setdefault(key, _Growing())
            if column.length < place:
                column.write(column.length, np.full(place - column.length, np.nan))
            column.write(place, np.array([np.nan if value is None else float(value)]))

    def column(self, part: str, key: str) -> np.ndarray:
        """One figure of every epoch; empty where no record has it."""
        column = self._columns.get((part, key))
        if column is None:
            return np.zeros(0)
        if column.length < self._length:
            column.write(column.length, np.full(self._length - column.length, np.nan))
        return column.view()

    def figures(self) -> list[str]:
        """The figures that the records have, in their order: loss, accuracy, …"""
        return list(dict.fromkeys(key for part, key in self._columns if part))

    def epoch_at(self, steps: np.ndarray, batches: int) -> np.ndarray:
        """Where steps lie on the axis of epochs, in fractions of an epoch of `batches` steps."""
        return self._between(steps, "step", "epoch", 1 / batches)

    def step_at(self, epochs: np.ndarray, batches: int) -> np.ndarray:
        """Which steps (not whole ones) lie at these places on the axis of epochs."""
        return self._between(epochs, "epoch", "step", batches)

    def _between(self, places: np.ndarray, given: str, wanted: str, slope: float) -> np.ndarray:
        """Straight lines through the records, and on with `slope` behind the last one."""
        xs = np.concatenate([[0.0], self.column("", given)])
        ys = np.concatenate([[0.0], self.column("", wanted)])
        return np.where(places > xs[-1], ys[-1] + (places - xs[-1]) * slope, np.interp(places, xs, ys))
