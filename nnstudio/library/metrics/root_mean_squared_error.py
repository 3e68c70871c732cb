"""Root mean squared error."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Metric


class RootMeanSquaredError(
    Metric, tasks=("regression",), key="rmse", higher_is_better=False, usual=False, aliases=("standard error",)
):
    """The root of the mean squared distance, in the unit of the target: large mistakes count most.

    With several outputs it is the mean over the outputs.
    """

    title = "RMSE"

    def sums(self, prediction: Any, target: Any) -> Any:
        squares = ((prediction.double() - target.double()) ** 2).sum(dim=0)
        return torch.stack([squares, torch.full_like(squares, len(target))])

    def value(self, sums: Any) -> float:
        squares, rows = sums
        return float((squares / rows).sqrt().mean())
