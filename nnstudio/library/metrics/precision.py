"""Precision."""

from __future__ import annotations

from typing import Any

from nnstudio.library.metrics._per_class import PerClass, mean_share


class Precision(PerClass, key="precision", aliases=("positive predictive value",)):
    """The mean over the classes of how many that were predicted to be of a class are of it."""

    def value(self, sums: Any) -> float:
        right, predicted, true = sums
        return mean_share(right, predicted, predicted + true)
