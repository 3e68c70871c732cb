"""Reciprocal."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Reciprocal(Function, formula="y = 1 / x", reference="torch.reciprocal", aliases=("inverse",)):
    """Divides 1 by each number."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].reciprocal()
