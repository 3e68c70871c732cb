"""Rows made ready for training: loaded, divided into parts, filled in and standardised.

It is the same arithmetic that a plain script does with scikit-learn's `train_test_split`, `SimpleImputer` and
`StandardScaler`. What fits into memory is held there as the network takes it. What does not stays where it is, and is
gathered batch by batch.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings
from nnstudio.core.reading import tell
from nnstudio.core.sources import FileDataset

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test")

# Bytes of the inputs of one part, as the network takes them, above which they are not held in memory.
HELD_BYTES = 512 << 20
# Rows that are looked at together where all are gone through.
PIECE = 1 << 16
# Training rows that are looked at to fill in missing numbers, where there are more.
SAMPLE = 1 << 20
# What earlier projects have loaded is kept up to this many bytes.
_CACHED_BYTES = 1 << 30


@dataclass(frozen=True, eq=False)
class Scaling:
    """What turns raw rows into what the network takes.

    Attributes:
        fill: what stands for a number that is missing, for each number of a row [size]; None where none is.
        mean, scale: of each number of a row [size]; None when not standardised. Of a picture of bytes, the numbers of
            each channel are the same.
    """

    fill: np.ndarray | None = None
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None

    def apply(self, inputs: np.ndarray) -> np.ndarray:
        """Raw rows [rows, *shape] as the network takes them: float32, or int64 for tokens."""
        if inputs.dtype == np.uint8:
            inputs = inputs.astype(np.float32) / np.float32(255)
        elif np.issubdtype(inputs.dtype, np.integer):
            return np.ascontiguousarray(inputs, dtype=np.int64)
        inputs = self.filled(inputs)
        if self.mean is not None and self.scale is not None:
            flat = _rows_of_numbers(inputs)
            # The same two operations in the same order and precision as StandardScaler.transform.
            flat = flat - self.mean.astype(flat.dtype, copy=False)
            flat /= self.scale.astype(flat.dtype, copy=False)
            inputs = flat.reshape(inputs.shape)
        return np.ascontiguousarray(inputs, dtype=np.float32)

    def filled(self, inputs: np.ndarray) -> np.ndarray:
        """Rows without missing numbers, in their own precision."""
        if self.fill is None:
            return inputs
        flat = _rows_of_numbers(inputs)
        return np.where(np.isnan(flat), self.fill.astype(flat.dtype), flat).reshape(inputs.shape)


class Part:
    """The rows of one part, as the network takes them. `inputs, targets = part` gives both.

    Attributes:
        rows: their numbers in the data, int64.
        shape: of one row. scaling: what turns raw rows into what the network takes.
        held: whether all of them are in memory.
    """

    def __init__(self, data: Data, scaling: Scaling, rows: np.ndarray) -> None:
        self._data, self.scaling, self.rows = data, scaling, rows
        self.shape = data.input_type.shape
        self.held = len(rows) * data.input_type.size * 4 <= HELD_BYTES

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Tensor]:
        yield self.inputs
        yield self.targets

    @cached_property
    def inputs(self) -> Tensor:
        """All inputs: float32 [rows, *shape] (int64 for tokens), on the CPU. For a part that is held."""
        return self._gather(self.rows)

    @cached_property
    def targets(self) -> Tensor:
        """All targets: int64 [rows, …] for classes, float32 [rows, outputs] for values, on the CPU."""
        targets = self._data.targets
        wanted = np.int64 if np.issubdtype(targets.dtype, np.integer) else np.float32
        return torch.from_numpy(np.ascontiguousarray(targets[self.rows], dtype=wanted))

    def take(self, places: Tensor | slice) -> tuple[Tensor, Tensor]:
        """The inputs and the targets at these places of the part; a place is a number from 0 to the number of rows."""
        if self.held:
            return self.inputs[places], self.targets[places]
        chosen = places if isinstance(places, slice) else places.cpu().numpy()
        return self._gather(self.rows[chosen]), self.targets[places]

    def pieces(self, rows: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All rows in order, so many at a time."""
        for first in range(0, len(self), rows):
            yield self.take(slice(first, first + rows))

    def _gather(self, rows: np.ndarray) -> Tensor:
        return torch.from_numpy(self.scaling.apply(self._data.inputs[rows]))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A dataset divided and scaled.

    Attributes:
        data: the rows as they were loaded.
        scaling: learnt from the training part alone.
        train, validation, test: the parts; validation and test may be empty.
    """

    data: Data
    scaling: Scaling
    train: Part
    validation: Part
    test: Part

    @property
    def input_type(self) -> TensorType:
        """What the Input layer passes on."""
        return self.data.input_type

    def part(self, name: PartName) -> Part:
        """A part by its name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    def scaled(self, inputs: np.ndarray) -> np.ndarray:
        """Raw rows as the network takes them."""
        return self.scaling.apply(inputs)

    @property
    def mean(self) -> np.ndarray | None:
        """Of each number of a row [size], of the training part; None when not standardised."""
        return self.scaling.mean

    @property
    def scale(self) -> np.ndarray | None:
        """What each number of a row is divided by [size]; None when not standardised."""
        return self.scaling.scale

    @property
    def train_rows(self) -> np.ndarray:
        return self.train.rows

    @property
    def validation_rows(self) -> np.ndarray:
        return self.validation.rows

    @property
    def test_rows(self) -> np.ndarray:
        return self.test.rows

    @property
    def train_inputs(self) -> Tensor:
        return self.train.inputs

    @property
    def train_targets(self) -> Tensor:
        return self.train.targets

    @property
    def test_inputs(self) -> Tensor:
        return self.test.inputs

    @property
    def test_targets(self) -> Tensor:
        return self.test.targets


_Value = TypeVar("_Value", Data, Prepared)
_cache: OrderedDict[Hashable, Data | Prepared] = OrderedDict()
# A reading thread and the window share what is kept.
_lock = threading.Lock()
# Why nothing may be read now; None while it may.
_not_now: ContextVar[str | None] = ContextVar("not_now", default=None)


def load(dataset: Dataset) -> Data:
    """The rows of a dataset. Raises ValueError or OSError with a sentence."""
    return _cached((dataset, _stamp(dataset)), dataset.load)


def prepare(settings: DataSettings) -> Prepared:
    """Load, divide, fill in and standardise.

    Raises:
        ValueError: no dataset is chosen, or too few rows are left in a part.
        OSError: the dataset cannot be read.
        Cancelled: whoever waits for a long reading has stopped it.
    """
    if settings.dataset is None:
        raise ValueError("No data is chosen. Choose a dataset in the Data panel.")
    return _cached(_key(settings), lambda: _prepare(settings))


def at_hand(settings: DataSettings) -> bool:
    """Whether `prepare` answers at once: nothing is to be read, or it was read before."""
    return not isinstance(settings.dataset, FileDataset) or _key(settings) in _cache


@contextmanager
def only_at_hand(words: str = "The data is being read.") -> Iterator[None]:
    """Inside, no file is read: what is not at hand raises ValueError with these words. In this thread alone."""
    token = _not_now.set(words)
    try:
        yield
    finally:
        _not_now.reset(token)


def _key(settings: DataSettings) -> tuple[Dataset, Hashable]:
    """What the rows depend on; augmentations come later."""
    assert settings.dataset is not None
    shares = (settings.test_share, settings.validation_share, settings.random_state, settings.standardise)
    return settings.dataset, (_stamp(settings.dataset), shares, settings.split)


def _stamp(dataset: Dataset) -> Hashable:
    """What tells that a file is another one than before, without reading it."""
    if not isinstance(dataset, FileDataset) or not dataset.path:
        return None
    try:
        status = os.stat(dataset.path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _cached(key: tuple[Dataset, Hashable], make: Callable[[], _Value]) -> _Value:
    with _lock:
        found: Any = _cache.get(key)
        if found is not None:
            _cache.move_to_end(key)
    if found is None:
        words = _not_now.get()
        if words is not None and isinstance(key[0], FileDataset):
            raise ValueError(words)
        found = make()
        with _lock:
            _cache[key] = found
            while len(_cache) > 2 and (len(_cache) > 32 or sum(map(_bytes, _cache.values())) > _CACHED_BYTES):
                _cache.popitem(last=False)
    made: _Value = found
    return made


def _bytes(value: Data | Prepared) -> int:
    if isinstance(value, Prepared):
        return sum(len(part) * value.input_type.size * 4 for part in (value.train, value.test) if part.held)
    return 0 if isinstance(value.inputs, np.memmap) else value.inputs.nbytes


def _prepare(settings: DataSettings) -> Prepared:
    assert settings.dataset is not None
    data = load(settings.dataset)
    if not data.rows:
        raise ValueError("The data has no rows. Choose data with rows in it.")
    rest, test = _divide(data, np.arange(data.rows), settings, "test")
    train, validation = _divide(data, rest, settings, "validation")
    scaling = _scaling(data, train, settings.standardise)
    parts = [Part(data, scaling, rows) for rows in (train, validation, test)]
    for part in parts:
        if part.held and data.rows * data.input_type.size < 1 << 22:
            part.inputs  # noqa: B018  (small: made now, so that a mistake in it shows here)
    return Prepared(data, scaling, *parts)


def _divide(
    data: Data, rows: np.ndarray, settings: DataSettings, purpose: Literal["test", "validation"]
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that stay and those that are put aside."""
    share = settings.test_share if purpose == "test" else settings.validation_share
    if share == 0:
        return rows, rows[:0]
    if settings.split is not None:
        for sentence in settings.split.check(data):
            raise ValueError(sentence)
        kept, aside = settings.split.divide(data, rows, share, settings.random_state, purpose)
    else:
        try:
            kept, aside = train_test_split(rows, test_size=share, random_state=settings.random_state)
        except ValueError:
            kept = rows[:0]
    if not len(kept) or not len(aside):
        part = "testing" if purpose == "test" else "validation"
        raise ValueError(
            f"A {purpose} share of {share:g} leaves no row for training or for {part}: "
            f"there are {len(rows)} rows. Use more rows or a smaller share."
        )
    return kept, aside


def _scaling(data: Data, rows: np.ndarray, standardise: bool) -> Scaling:
    """What the training rows say of how to fill in and to scale."""
    inputs = data.inputs
    if inputs.dtype == np.uint8:
        return _channel_scaling(data, rows) if standardise else Scaling()
    if not np.issubdtype(inputs.dtype, np.floating):
        return Scaling()
    fill = _fill(data, rows)
    if not standardise:
        return Scaling(fill)
    scaler = StandardScaler()
    if len(rows) * data.input_type.size * 4 <= HELD_BYTES:
        scaler.fit(_rows_of_numbers(Scaling(fill).filled(inputs[rows])))
    else:  # piece by piece, in the order of the file
        ordered = np.sort(rows)
        for first in range(0, len(ordered), PIECE):
            tell(first / len(ordered), "Measuring means and deviations")
            piece = inputs[ordered[first : first + PIECE]]
            scaler.partial_fit(_rows_of_numbers(Scaling(fill).filled(piece)))
    return Scaling(fill, scaler.mean_, scaler.scale_)


def _rows_of_numbers(inputs: np.ndarray) -> np.ndarray:
    """[rows, *shape] as [rows, size]; there may be no rows."""
    return inputs.reshape(len(inputs), math.prod(inputs.shape[1:]))


def _fill(data: Data, rows: np.ndarray) -> np.ndarray | None:
    """What stands for missing numbers, of the training rows (of a sample of them where they are very many)."""
    if not data.fill:
        return None
    chosen = rows if len(rows) <= SAMPLE else np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))
    imputer = SimpleImputer(strategy=data.fill, fill_value=0, keep_empty_features=True)
    imputer.fit(_rows_of_numbers(data.inputs[chosen]))
    found: np.ndarray = np.asarray(imputer.statistics_, np.float64)
    return found


def _channel_scaling(data: Data, rows: np.ndarray) -> Scaling:
    """Mean and deviation of each channel of pictures of bytes [rows, C, …], over all places, from exact sums."""
    channels = data.inputs.shape[1]
    counts = np.zeros((channels, 256), np.int64)
    step = max(1, (16 << 20) // max(1, data.input_type.size))
    ordered = np.sort(rows)
    for first in range(0, len(ordered), step):
        tell(first / len(ordered), "Measuring means and deviations")
        piece = data.inputs[ordered[first : first + step]]
        for channel in range(channels):
            counts[channel] += np.bincount(piece[:, channel].ravel(), minlength=256)
    values = np.arange(256) / 255
    total = counts.sum(axis=1)
    mean = counts @ values / total
    deviation = np.sqrt(np.maximum(counts @ values**2 / total - mean**2, 0))
    deviation[deviation < 1e-12] = 1.0  # a constant channel, as StandardScaler does
    places = data.input_type.size // channels
    return Scaling(None, np.repeat(mean, places), np.repeat(deviation, places))
