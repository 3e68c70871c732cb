"""Sum."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._reduction import Reduction


class Sum(Reduction, formula="y = Σ x", reference="torch.sum", aliases=("total", "add up", "sum pooling")):
    """Adds up all numbers along axes."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].sum(**self.along)
