"""Max."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._reduction import Reduction


class Max(
    Reduction,
    formula="y = max of x",
    reference="torch.amax",
    aliases=("largest", "amax", "max pooling over time", "global max pooling"),
):
    """Keeps the largest number along axes."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].amax(**self.along)
