"""StandardDeviation."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._spread import Spread


class StandardDeviation(
    Spread,
    formula="y = √(Σ (x - mean)² / (n - correction))",
    reference="torch.std",
    aliases=("std", "deviation", "spread"),
):
    """Takes the square root of the variance along axes: how far numbers lie from their mean."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].std(**self.along)
