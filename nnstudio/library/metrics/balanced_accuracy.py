"""Balanced accuracy."""

from __future__ import annotations

from typing import Any

from nnstudio.library.metrics._per_class import PerClass, mean_share


class BalancedAccuracy(PerClass, key="balanced_accuracy", aliases=("macro recall",)):
    """The mean over the classes of the share of a class that is predicted rightly: rare classes count as much.

    Classes without a true row do not count.
    """

    title = "Balanced accuracy"

    def value(self, sums: Any) -> float:
        right, _, true = sums
        return mean_share(right, true, true)
