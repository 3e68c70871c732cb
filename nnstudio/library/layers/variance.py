"""Variance."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._spread import Spread


class Variance(
    Spread, formula="y = Σ (x - mean)² / (n - correction)", reference="torch.var", aliases=("var", "spread")
):
    """Takes the mean of the squared distances from the mean along axes."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].var(**self.along)
