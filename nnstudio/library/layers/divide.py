"""Divide."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Pairwise


class Divide(Pairwise, formula="y = a / b", reference="torch.div", aliases=("quotient", "ratio")):
    """Divides the first input by the second, number by number."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0] / tensors[1]
