"""F1 score."""

from __future__ import annotations

from typing import Any

from nnstudio.library.metrics._per_class import PerClass, mean_share


class F1Score(PerClass, key="f1", aliases=("F-measure", "Dice")):
    """The harmonic mean of precision and recall, the mean over the classes."""

    title = "F1"

    def value(self, sums: Any) -> float:
        right, predicted, true = sums
        return mean_share(2 * right, predicted + true, predicted + true)
