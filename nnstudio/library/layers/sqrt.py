"""Sqrt."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Sqrt(Function, formula="y = √x", reference="torch.sqrt", aliases=("square root",)):
    """Takes the square root of each number; what is below zero has none."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].sqrt()
