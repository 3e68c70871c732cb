"""A tensor that is not learned."""

from __future__ import annotations

import math
from typing import Any

import torch

from nnstudio.core.kinds import Shape
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import whole
from nnstudio.library.layers._masks import causal_mask, causal_mask_source
from nnstudio.library.layers._tensors import Holding, sizes

LARGEST = 160_000  # numbers: the masks of shifted windows over a whole image are as many
_MASKS = {"causal mask": "allowed", "causal mask hidden": "hidden", "causal mask -inf": "minus infinity"}


class Constant(
    Holding,
    category="Constants and parameters",
    formula="y = c",
    reference="torch.tensor",
    aliases=("buffer", "fixed", "arange", "positions", "eye", "identity matrix", "mask", "zeros", "ones", "full"),
    inputs=(),
    example=(),
):
    """A tensor that is not learned, without an input: positions, a mask, fixed numbers."""

    anywhere = True

    pattern: str = field(
        "fill",
        "What it holds: one number, a row of numbers, the identity, a causal mask (true where a place may look, "
        "true where it is hidden, or −inf where it is hidden), or values one by one.",
        choices=("fill", "arange", "eye", *_MASKS, "values"),
    )
    shape: tuple[int, ...] = field((1,), "The sizes of all axes; there is no batch axis.", minimum=1)
    start: float = field(0.0, "The number of fill, or the first of arange.")
    step: float = field(1.0, "How far the numbers of arange are apart.")
    values: tuple[float, ...] = field((), "The numbers of values, row by row.")
    dtype: str = field(
        "float32", "The type of the numbers; the masks have their own.", choices=("float32", "int64", "bool")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.values) > LARGEST:
            raise SpecError("values", f"at most {LARGEST:,} numbers", f"{len(self.values):,}")
        if self.pattern == "values" and len(self.values) != math.prod(self.shape):
            shape = ", ".join(map(str, self.shape))
            raise SpecError("values", f"{math.prod(self.shape)} numbers for the shape {shape}", f"{len(self.values)}")
        if (self.pattern == "eye" or self.pattern in _MASKS) and len(self.shape) != 2:
            raise SpecError("shape", f"two sizes for {self.pattern}", f"{len(self.shape)}")

    def build(self, *shapes: Shape) -> Any:
        dtype = getattr(torch, self.dtype)
        if self.pattern in _MASKS:
            return causal_mask(self.shape[0], self.shape[1], _MASKS[self.pattern])
        if self.pattern == "fill":
            return torch.full(self.shape, self._start, dtype=dtype)
        if self.pattern == "arange":
            numbers = torch.arange(math.prod(self.shape)) * whole(self.step) + self._start
            return numbers.to(dtype).reshape(self.shape)
        if self.pattern == "eye":
            return torch.eye(*self.shape, dtype=dtype)
        return torch.tensor(self.values, dtype=dtype).reshape(self.shape)

    def source(self, *shapes: Shape) -> str:
        dtype = f"torch.{self.dtype}"
        if self.pattern in _MASKS:
            return causal_mask_source(self.shape[0], self.shape[1], _MASKS[self.pattern])
        if self.pattern == "fill":
            return f"torch.full({self.shape!r}, {self._start!r}, dtype={dtype})"
        if self.pattern == "eye":
            return f"torch.eye({sizes(self.shape)}, dtype={dtype})"
        if self.pattern == "arange":
            made = f"torch.arange({math.prod(self.shape)})"
            changed = made + (f" * {whole(self.step)!r}" if self.step != 1 else "")
            changed += f" + {self._start!r}" if self.start else ""
            made = f"({changed})" if changed != made else made
            made += f".to({dtype})" if changed != made or self.dtype != "int64" else ""
        else:
            made = f"torch.tensor({self.values!r}, dtype={dtype})"
        return made if len(self.shape) == 1 else f"{made}.reshape({sizes(self.shape)})"

    @property
    def _start(self) -> float:
        return whole(self.start)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return module

    def summary(self, *shapes: Shape) -> str:
        what = f"{self.start:g}" if self.pattern == "fill" else self.pattern
        return f"{what}, {'×'.join(map(str, self.shape)) or 'one number'}"
