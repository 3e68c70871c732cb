"""Mean absolute error."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Metric


class MeanAbsoluteError(Metric, tasks=("regression",), key="mae", higher_is_better=False):
    """The mean distance between prediction and truth, in the unit of the target."""

    title = "MAE"

    def sums(self, prediction: Any, target: Any) -> Any:
        distance = (prediction.double() - target.double()).abs().sum()
        return torch.stack([distance, torch.full_like(distance, target.numel())])

    def value(self, sums: Any) -> float:
        distance, count = sums.tolist()
        return distance / count
