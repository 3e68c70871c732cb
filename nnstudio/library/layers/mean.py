"""Mean."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._reduction import Reduction


class Mean(
    Reduction, formula="y = mean of x", reference="torch.mean", aliases=("average", "global average pooling", "pooling")
):
    """Takes the mean along axes."""

    whole_numbers = False

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].mean(**self.along)
