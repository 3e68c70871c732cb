"""The table itself: for each operator of ONNX what draws it.

An entry takes the Work and a value for each input of the operation (None where it is left out), and gives a value for
each output.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nnstudio.core.data import TensorType
from nnstudio.engine.importing.functions.table import layer, sizes_of
from nnstudio.engine.importing.translate import Refused

if TYPE_CHECKING:
    from nnstudio.engine.importing.onnx_work import Work

__all__ = ["OPERATORS", "axis_of", "batch_of", "layer", "operator", "rounded", "same", "sizes_of"]

Entry = Callable[..., Any]
T = TypeVar("T", bound=Entry)

OPERATORS: dict[str, Entry] = {}


def operator(*names: str) -> Callable[[T], T]:
    """Put a function into the table under these names."""

    def put(function: T) -> T:
        for name in names:
            assert name not in OPERATORS, name
            OPERATORS[name] = function
        return function

    return put


def axis_of(axis: Any, kind: TensorType) -> int:
    """An axis counted from the front. Raises Refused."""
    if not -kind.axes <= int(axis) < kind.axes:
        raise Refused(f"it works on the axis {axis} of {kind.text}")
    return int(axis) % kind.axes


def same(values: Any) -> Any:
    """(2, 2) as 2."""
    found = tuple(map(int, values))
    return found[0] if len(set(found)) == 1 else found


def rounded(number: float) -> float:
    """A number of float32 as a person would have written it: 0.1 in place of 0.10000000149."""
    single = np.float32(number)
    return float(str(single)) if math.isfinite(single) else float(number)


def batch_of(work: Work) -> int | None:
    """The number of rows that the file was made for, where it is for one number only."""
    for entry in work.file.inputs:
        if entry.sizes and isinstance(entry.sizes[0], int):
            return entry.sizes[0]
    return None
