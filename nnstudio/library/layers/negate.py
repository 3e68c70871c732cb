"""Negate."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Negate(Function, formula="y = -x", reference="torch.neg", aliases=("minus", "negative", "sign change")):
    """Turns the sign of each number."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return -tensors[0]
