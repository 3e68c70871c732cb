"""Coefficient of determination."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Metric


class R2Score(Metric, tasks=("regression",), key="r2"):
    """The share of the target's variance that is explained: 1 is perfect, 0 is as good as always saying the mean.

    With several outputs it is the mean over the outputs.
    """

    title = "R²"

    def sums(self, prediction: Any, target: Any) -> Any:
        truth = target.double()
        residual = ((prediction.double() - truth) ** 2).sum(dim=0)
        return torch.stack([residual, truth.sum(dim=0), (truth**2).sum(dim=0), torch.full_like(residual, len(target))])

    def value(self, sums: Any) -> float:
        residual, total, squares, rows = sums
        variance = squares - total**2 / rows
        # A target that never varies has no variance to explain: 1 when it is met exactly, else 0.
        varies = variance > 1e-12 * squares
        scores = torch.where(varies, 1 - residual / variance, (residual == 0).double())
        return float(scores.mean())
