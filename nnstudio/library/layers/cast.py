"""Cast."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Shape
from nnstudio.core.spec import field
from nnstudio.library.layers._operation import Operation


class Cast(
    Operation,
    category="Mathematics",
    formula="the same numbers, another type",
    reference="torch.Tensor.to",
    aliases=("type", "dtype", "convert", "float", "long", "bool"),
):
    """Turns numbers into another type: with a fraction, whole (the fraction is cut off), or true and false."""

    dtype: str = field("float32", "What comes out.", choices=("float32", "int64", "bool"))

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].to(getattr(torch, self.dtype))

    def summary(self, *shapes: Shape) -> str:
        return f"to {self.dtype}"
