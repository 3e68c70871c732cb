"""Values of an ONNX file that are known while it is read, and what follows from them.

Sizes are computed in the file itself, and may depend on the number of rows. So every known value is held for two
batches: where both agree it is a constant, and where they do not, the difference says what is the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from nnstudio.engine.importing.merge import Held
from nnstudio.engine.importing.onnx_reading import Operation
from nnstudio.engine.importing.record import Weight
from nnstudio.engine.importing.translate import Refused

BATCHES = (3, 5)
_LARGEST = 2**26  # numbers in one value that is computed
_MOST_WORK = 2**30  # products of one matrix multiplication


class Known:
    """Numbers for a batch of each size; the same array twice where they do not depend on it.

    Attributes:
        name: what the file calls the array, where it is one; `turned` when its two axes were swapped.
        learned: whether training would change it.
    """

    def __init__(
        self,
        first: np.ndarray,
        second: np.ndarray | None = None,
        name: str = "",
        learned: bool = False,
        turned: bool = False,
    ) -> None:
        self.first = first
        self.second = first if second is None else second
        self.name, self.learned, self.turned = name, learned, turned
        self._argument: Any = None

    @property
    def constant(self) -> bool:
        """Whether it is the same for every batch."""
        return self.first is self.second or (
            self.first.shape == self.second.shape and np.array_equal(self.first, self.second)
        )

    def fixed(self) -> np.ndarray:
        """The numbers, where they do not depend on the batch. Raises Refused."""
        if not self.constant:
            raise Refused("it needs numbers that do not depend on the number of rows")
        return self.first

    def listed(self, batch: int) -> list[int]:
        """Whole numbers for one of the batches."""
        array = self.second if batch == BATCHES[1] else self.first
        return [int(number) for number in array.reshape(-1)]

    def number(self) -> float | None:
        """The one number that it is, in an array without axes or with axes of size 1."""
        if self.first.size != 1 or not self.constant:
            return None
        found = self.first.reshape(-1)[0].item()
        return None if isinstance(found, bool) else found

    def argument(self) -> Any:
        """It as something that a drawing can wire: a parameter, or a constant."""
        if self._argument is None:
            self._argument = self._made()
        return self._argument

    def _made(self) -> Any:
        if self.learned and self.first.dtype == np.float32 and self.first.ndim and self.name and not self.turned:
            return Weight(self.name, nn.Parameter(torch.from_numpy(np.array(self.first))))
        if self.first.shape == self.second.shape:
            return Held(tensor(self.fixed()), self.name)
        axes = [
            axis
            for axis, pair in enumerate(zip(self.first.shape, self.second.shape, strict=True))
            if len(set(pair)) > 1
        ]
        if len(axes) != 1 or (self.first.shape[axes[0]], self.second.shape[axes[0]]) != BATCHES:
            raise Refused("it uses a constant whose shape depends on the number of rows")
        one, other = (np.take(array, [0], axes[0]) for array in (self.first, self.second))
        if not ((self.first == one).all() and (self.second == one).all() and np.array_equal(one, other)):
            raise Refused("it uses a constant that has another value for each row")
        return Held(tensor(one), self.name, axes[0])


def tensor(array: np.ndarray) -> torch.Tensor:
    """An array as one of the three types of numbers that a drawing knows."""
    kind = np.float32 if array.dtype.kind == "f" else np.bool_ if array.dtype.kind == "b" else np.int64
    return torch.from_numpy(np.array(array, kind))


def type_of(first: Sequence[int], second: Sequence[int]) -> tuple[tuple[int, ...], int, int]:
    """(shape, rows, axis) of a TensorType from the sizes for both batches. Raises Refused."""
    moving = [axis for axis, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    if not moving:
        return tuple(first), 0, 0
    axis = moving[0]
    a, b = first[axis], second[axis]
    if len(moving) > 1 or a % BATCHES[0] or b % BATCHES[1] or a // BATCHES[0] != b // BATCHES[1]:
        raise Refused("it makes a tensor in which the rows of the batch are not kept apart")
    return (*first[:axis], *first[axis + 1 :]), a // BATCHES[0], axis


def sizes_in(sizes: Callable[[int], Sequence[int]]) -> Known:
    """The sizes of all axes, as the operator Shape gives them, from what they are for a batch."""
    first, second = (np.array(sizes(batch), np.int64) for batch in BATCHES)
    return Known(first, None if np.array_equal(first, second) else second)


# -- computing ---------------------------------------------------------------------------------------------------------


def compute(operation: Operation, inputs: Sequence[Known | None], opset: int) -> list[Known] | None:
    """What an operation makes of known values; None where it is none that is computed beforehand."""
    if operation.kind not in _COMPUTED or not all(inputs[:1]):
        return None
    evaluator = _evaluator(operation, opset)
    both = []
    for batch in range(1 if all(known is None or known.first is known.second for known in inputs) else 2):
        arrays = [None if known is None else (known.first, known.second)[batch] for known in inputs]
        _weigh(operation, arrays)
        feeds = {f"i{place}": array for place, array in enumerate(arrays) if array is not None}
        with np.errstate(all="ignore"):
            both.append([np.asarray(array) for array in evaluator.run(None, feeds)])
    first, second = both[0], both[-1]
    learned = any(known is not None and known.learned for known in inputs)
    found = [
        Known(a, None if a is b else b, name, learned and a.dtype == np.float32)
        for a, b, name in zip(first, second, operation.outputs, strict=False)
    ]
    source = inputs[0]
    if source is not None and source.name and len(found) == 1 and source.constant:
        turned = operation.kind == "Transpose" and source.first.ndim == 2
        turned = turned and tuple(operation.attributes.get("perm", (1, 0))) == (1, 0)
        if turned or operation.kind == "Identity":
            swapped = source.turned != turned
            found = [Known(found[0].first, None, source.name, source.learned, swapped)]
    return found


def _evaluator(operation: Operation, opset: int) -> Any:
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    node = helper.make_node(
        operation.kind,
        [f"i{place}" if name else "" for place, name in enumerate(operation.inputs)],
        [f"o{place}" for place in range(len(operation.outputs))],
    )
    for name, value in operation.attributes.items():
        if isinstance(value, np.ndarray):
            node.attribute.append(helper.make_attribute(name, numpy_helper.from_array(value)))
        elif value != ():
            node.attribute.append(helper.make_attribute(name, value))
    return ReferenceEvaluator(node, opsets={"": opset})


def _weigh(operation: Operation, arrays: Sequence[np.ndarray | None]) -> None:
    """Refuse what would make more numbers than any constant of a network has. Raises Refused."""
    given = [array for array in arrays if array is not None]
    kind = operation.kind
    sizes = [array.shape for array in given]
    count = max(map(math.prod, sizes), default=1)
    if kind == "ConstantOfShape":
        count = _product(given[0])
    elif kind == "Expand":
        count = math.prod(np.broadcast_shapes(sizes[0], tuple(_whole(given[1]))))
    elif kind == "Tile":
        count = given[0].size * _product(given[1])
    elif kind == "Range":
        start, limit, step = (float(array.reshape(-1)[0]) for array in given[:3])
        count = int(min(abs((limit - start) / step), 2**40)) if step else 2**40
    elif kind == "Pad":
        added = operation.attributes.get("pads") or (_whole(given[1]) if len(given) > 1 else ())
        count = math.prod(size + abs(sum(map(abs, added))) for size in sizes[0])
    elif kind == "Gather":
        count = given[1].size * (given[0].size // max(1, given[0].shape[operation.attributes.get("axis", 0)]))
    elif kind == "MatMul":
        count = max(given[0].size, 1) * max(given[1].size, 1)
        count = count if count <= _LARGEST else _MOST_WORK if given[0].ndim == given[1].ndim == 2 else count
        if given[0].shape[0] * given[1].size > _MOST_WORK:
            count = _LARGEST + 1
        elif count == _MOST_WORK:
            count = given[0].shape[0] * given[1].shape[-1]
    elif kind in _PAIRS and len(sizes) > 1:
        count = math.prod(np.broadcast_shapes(*sizes))
    elif kind == "Concat":
        count = sum(map(math.prod, sizes))
    if count > _LARGEST:
        raise Refused(f"it would make a constant of {count:,} numbers")


def _whole(array: np.ndarray) -> list[int]:
    return [int(size) for size in array.reshape(-1)[:64]]


def _product(array: np.ndarray) -> int:
    return math.prod(_whole(array)) if array.size <= 64 else 2**62


_PAIRS = frozenset(
    "Add Sub Mul Div Pow Mod Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor Where Min Max Sum".split()  # noqa: SIM905
)
_COMPUTED = _PAIRS | frozenset(
    """Abs Cast CastLike Ceil Concat ConstantOfShape Cos CumSum Exp Expand EyeLike Flatten Floor Gather Identity Log
    MatMul Neg Not Pad Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Reshape Round ScatterND
    Shape Sigmoid Sign Sin Size Slice Split Sqrt Squeeze Tanh Tile Transpose Trilu Unsqueeze""".split()  # noqa: SIM905
)
