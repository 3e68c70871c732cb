"""Abs."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Abs(Function, formula="y = |x|", reference="torch.abs", aliases=("absolute value", "magnitude")):
    """Takes each number without its sign."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].abs()
