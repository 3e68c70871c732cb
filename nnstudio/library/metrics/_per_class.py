"""What the metrics have in common that look at every class by itself."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.kinds import Metric
from nnstudio.core.spec import field


class PerClass(Metric, abstract=True):
    """A figure from three counts for each class: rightly predicted, predicted at all, and true."""

    tasks = ("classification",)
    percent = True
    usual = False
    classes: int = field(2, "How many classes there are.", minimum=1)

    def sums(self, prediction: Any, target: Any) -> Any:
        prediction, target = prediction.flatten(), target.flatten()
        counted = target >= 0  # a class number below 0 stands for a place that does not count
        prediction, target = prediction[counted], target[counted]
        parts = (target[prediction == target], prediction, target)
        return torch.stack([torch.bincount(part, minlength=self.classes).double() for part in parts])


def mean_share(right: Any, of: Any, among: Any) -> float:
    """The mean of right / of over the classes that occur `among` these; 0 for a class of which there are none."""
    occurs = among > 0
    if not occurs.any():
        return 0.0
    return float((right / of.clamp(min=1))[occurs].mean())
