"""Square."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Square(Function, formula="y = x²", reference="torch.square", aliases=("power of two",)):
    """Multiplies each number by itself."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].square()
