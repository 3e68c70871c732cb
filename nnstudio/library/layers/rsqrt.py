"""Rsqrt."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Rsqrt(
    Function, formula="y = 1 / √x", reference="torch.rsqrt", aliases=("reciprocal square root", "inverse square root")
):
    """Divides 1 by the square root of each number, as normalisations do."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].rsqrt()
