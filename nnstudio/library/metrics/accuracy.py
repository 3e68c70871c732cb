"""Accuracy."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Metric


class Accuracy(Metric, tasks=("classification",), key="accuracy", percent=True):
    """The share of rows whose class is predicted rightly."""

    def sums(self, prediction: Any, target: Any) -> Any:
        right = (prediction == target).sum(dtype=torch.float64)
        return torch.stack([right, torch.full_like(right, len(target))])

    def value(self, sums: Any) -> float:
        right, rows = sums.tolist()
        return right / rows
