"""Exp."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Exp(Function, formula="y = eˣ", reference="torch.exp", aliases=("exponential",)):
    """Raises e to the power of each number."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].exp()
