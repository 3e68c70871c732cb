"""Cos."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Cos(Function, formula="y = cos x", reference="torch.cos", aliases=("cosine", "periodic")):
    """Takes the cosine of each number."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].cos()
