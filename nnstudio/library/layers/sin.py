"""Sin."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Sin(Function, formula="y = sin x", reference="torch.sin", aliases=("sine", "periodic")):
    """Takes the sine of each number."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].sin()
