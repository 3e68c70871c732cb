"""Several recordings of one module as one: what is a row of the batch, and what is done in training alone.

The module is run with two sizes of the batch, and once in training. Where the recordings differ says what depends on
the batch or on the training; where they differ otherwise, a drawing cannot say what the module does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.importing.record import Event, Fixed, Recording, Value, Weight

_DTYPES = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}


@dataclass(frozen=True)
class Tensor:
    """A value with what it is in general: its number, and its type for any size of the batch."""

    number: int
    type: TensorType


@dataclass(frozen=True, eq=False)
class Held:
    """A tensor that is always the same, or that is the same for every row along `axis`."""

    tensor: torch.Tensor
    name: str = ""
    axis: int | None = None
    origin: str = ""


@dataclass(frozen=True)
class Batch:
    """A whole number that is so many times the size of the batch."""

    rows: int


@dataclass(frozen=True)
class InTraining:
    """What has one value in training and another otherwise."""

    training: Any
    otherwise: Any


class Different(Exception):
    """Two runs did not do the same."""


class Merger:
    """Compares runs with batches of these sizes: two in evaluation, and one in training where there is one."""

    def __init__(self, sizes: tuple[int, int]) -> None:
        self.sizes = sizes

    def events(self, first: Recording, second: Recording, training: Recording | None) -> list[Event]:
        """The events with Tensor, Held, Weight, Batch and InTraining in place of what differs.

        Raises:
            ImportRefused: the module does not do the same for each size of the batch.
            Different: it does something else in training.
        """
        if not _alike(first, second):
            place = _first_difference(first, second)
            raise ImportRefused(f"{place}: what it does depends on the size of the batch; a drawing cannot.")
        if training is not None and not _alike(first, training):
            raise Different(_first_difference(first, training))
        merged = []
        third = training or first
        for a, b, c in zip(first.events, second.events, third.events, strict=True):
            try:
                args = self.value(a.args, b.args, c.args)
                kwargs = self.value(a.kwargs, b.kwargs, c.kwargs)
                result = self.value(a.result, b.result, c.result)
            except _Unlike as error:
                raise ImportRefused(f"{a.where}: {error}") from None
            merged.append(replace(a, args=args, kwargs=kwargs, result=result))
        return merged

    def value(self, a: Any, b: Any, c: Any) -> Any:
        """One value for those of three runs."""
        if type(a) is not type(b) or type(a) is not type(c):
            if type(a) is type(b) and a == b:
                return InTraining(c, a)
            raise _Unlike("what it does depends on the size of the batch; a drawing cannot.")
        if isinstance(a, Value):
            if not a.number == b.number == c.number:
                raise _Unlike("what it does depends on the size of the batch; a drawing cannot.")
            return Tensor(a.number, self.type(a, b))
        if isinstance(a, Weight):
            return a
        if isinstance(a, Fixed):
            return self._fixed(a, b)
        if isinstance(a, (tuple, list)):
            if not len(a) == len(b) == len(c):
                raise _Unlike("what it does depends on the size of the batch; a drawing cannot.")
            return tuple(self.value(*items) for items in zip(a, b, c, strict=True))
        if isinstance(a, Mapping):
            if not a.keys() == b.keys() == c.keys():
                raise _Unlike("what it does depends on the size of the batch; a drawing cannot.")
            return {key: self.value(a[key], b[key], c[key]) for key in a}
        if isinstance(a, slice):
            parts = ((getattr(a, name), getattr(b, name), getattr(c, name)) for name in ("start", "stop", "step"))
            return slice(*(self.value(*part) for part in parts))
        return self._plain(a, b, c)

    def type(self, a: Value, b: Value) -> TensorType:
        """The type of a value from its shapes in two runs."""
        if a.dtype not in _DTYPES:
            name = str(a.dtype).removeprefix("torch.")
            raise _Unlike(f"it computes with {name} numbers; a drawing knows float32, int64 and bool.")
        dtype = _DTYPES[a.dtype]
        if len(a.shape) != len(b.shape):
            raise _Unlike("how many axes a tensor has depends on the size of the batch.")
        moving = [axis for axis, pair in enumerate(zip(a.shape, b.shape, strict=True)) if pair[0] != pair[1]]
        if not moving:
            return TensorType(a.shape, dtype, rows=0)
        axis = moving[0]
        rows = self._rows(a.shape[axis], b.shape[axis])
        if len(moving) > 1:
            raise _Unlike(
                f"it makes a tensor that holds every row of the batch beside every other one ({list(a.shape)} for a "
                f"batch of {self.sizes[0]}); in a drawing rows are kept apart."
            )
        if not rows:
            raise _Unlike(
                f"it makes a tensor of {a.shape[axis]} entries for {self.sizes[0]} rows and of {b.shape[axis]} for "
                f"{self.sizes[1]}; in a drawing a row has a fixed number of them."
            )
        return TensorType(a.shape[:axis] + a.shape[axis + 1 :], dtype, rows, axis)

    def _rows(self, a: int, b: int) -> int:
        """How many times the size of the batch two numbers are; 0 where they are not."""
        first, second = self.sizes
        return a // first if a % first == 0 and b % second == 0 and a // first == b // second else 0

    def _fixed(self, a: Fixed, b: Fixed) -> Held:
        if a.tensor.shape == b.tensor.shape:
            if a.tensor.dtype != b.tensor.dtype or not torch.equal(a.tensor.nan_to_num(), b.tensor.nan_to_num()):
                raise _Unlike("a constant depends on the size of the batch.")
            return Held(a.tensor, a.name, None, a.origin)
        kind = self.type(Value(0, tuple(a.tensor.shape), torch.float32), Value(0, tuple(b.tensor.shape), torch.float32))
        one, other = a.tensor.select(kind.axis, 0), b.tensor.select(kind.axis, 0)
        if not all(
            torch.equal(every.unbind(kind.axis)[place], one)
            for every in (a.tensor, b.tensor)
            for place in range(every.shape[kind.axis])
        ):
            raise _Unlike("a constant has another value for each row of the batch.")
        assert other.shape == one.shape
        return Held(one.unsqueeze(kind.axis), a.name, kind.axis, a.origin)

    def _plain(self, a: Any, b: Any, c: Any) -> Any:
        if a is b is c or (a == b and a == c):
            return a
        if a == b:
            return InTraining(c, a)
        if isinstance(a, int) and isinstance(b, int) and not isinstance(a, bool):
            rows = self._rows(a, b)
            if rows:
                return Batch(rows)
        if isinstance(a, (int, float)):
            raise _Unlike(f"a number depends on the size of the batch ({a} for {self.sizes[0]} rows, {b} for more).")
        return a


class _Unlike(Exception):
    """A value differs between runs as none can in a drawing; the sentence follows the place."""


def _alike(first: Recording, second: Recording) -> bool:
    return len(first.events) == len(second.events) and all(
        a.name == b.name and a.module is b.module and len(a.calls) == len(b.calls)
        for a, b in zip(first.events, second.events, strict=True)
    )


def _first_difference(first: Recording, second: Recording) -> str:
    for a, b in zip(first.events, second.events, strict=False):
        if a.name != b.name or a.module is not b.module or len(a.calls) != len(b.calls):
            return a.where
    longer = max(first.events, second.events, key=len)
    return longer[min(len(first.events), len(second.events))].where if longer else "the model"
