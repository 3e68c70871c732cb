"""Diabetes."""

from __future__ import annotations

from sklearn.datasets import load_diabetes

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import field


class Diabetes(Dataset, category="Table", aliases=("regression",)):
    """How a disease went on in a year, by ten measurements at its beginning: 442 rows, a regression."""

    target_unit: str = field(
        "standard deviations",
        "The progression as it was measured (25 to 346), or scaled to mean 0 and deviation 1, which trains better.",
        choices=("standard deviations", "raw"),
    )

    def load(self) -> Data:
        bunch = load_diabetes()
        targets = bunch.target.reshape(-1, 1)
        if self.target_unit == "standard deviations":
            targets = (targets - targets.mean()) / targets.std()
        return Data(bunch.data, targets, "regression", tuple(bunch.feature_names), (), "progression")

    def source(self) -> str:
        text = "from sklearn.datasets import load_diabetes\n\n"
        text += "X, y = load_diabetes(return_X_y=True)\ny = y.reshape(-1, 1)\n"
        if self.target_unit == "standard deviations":
            text += "y = (y - y.mean()) / y.std()\n"
        return text
