"""Accuracy."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Metric


class Accuracy(Metric, tasks=("classification",), key="accuracy", percent=True):
    """The share of rows, or of their places, whose class is predicted rightly.

    A class number below 0 stands for a place that does not count.
    """

    def sums(self, prediction: Any, target: Any) -> Any:
        right = (prediction == target).sum(dtype=torch.float64)
        return torch.stack([right, (target >= 0).sum(dtype=torch.float64)])

    def value(self, sums: Any) -> float:
        right, rows = sums.tolist()
        return right / max(rows, 1)
