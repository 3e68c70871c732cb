"""Log."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Function


class Log(Function, formula="y = ln x", reference="torch.log", aliases=("logarithm", "natural logarithm")):
    """Takes the natural logarithm of each number; what is not above zero has none."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].log()
