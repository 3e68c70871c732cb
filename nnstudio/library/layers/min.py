"""Min."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._reduction import Reduction


class Min(Reduction, formula="y = min of x", reference="torch.amin", aliases=("smallest", "amin")):
    """Keeps the smallest number along axes."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].amin(**self.along)
