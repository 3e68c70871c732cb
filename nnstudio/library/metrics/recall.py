"""Recall."""

from __future__ import annotations

from typing import Any

from nnstudio.library.metrics._per_class import PerClass, mean_share


class Recall(PerClass, key="recall", aliases=("sensitivity", "true positive rate")):
    """The mean over the classes of how many of a class were predicted to be of it."""

    def value(self, sums: Any) -> float:
        right, predicted, true = sums
        return mean_share(right, true, predicted + true)
