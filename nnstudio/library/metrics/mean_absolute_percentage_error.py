"""Mean absolute percentage error."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Metric


class MeanAbsolutePercentageError(
    Metric,
    tasks=("regression",),
    key="mape",
    percent=True,
    higher_is_better=False,
    usual=False,
    aliases=("relative error",),
):
    """The mean distance between prediction and truth as a part of the truth; vast where a truth is near 0."""

    title = "MAPE"

    def sums(self, prediction: Any, target: Any) -> Any:
        truth = target.double()
        least = torch.finfo(torch.float64).eps  # as scikit-learn has it
        parts = ((prediction.double() - truth).abs() / truth.abs().clamp(min=least)).sum()
        return torch.stack([parts, torch.full_like(parts, target.numel())])

    def value(self, sums: Any) -> float:
        parts, count = sums.tolist()
        return parts / count
