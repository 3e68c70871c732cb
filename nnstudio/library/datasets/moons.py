"""Moons."""

from __future__ import annotations

from sklearn.datasets import make_moons

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import field


class Moons(Dataset, category="Toy, two features"):
    """Two half moons that reach into each other."""

    samples: int = field(300, "How many points.", minimum=4, maximum=100_000, unit="rows")
    noise: float = field(0.12, "How far the points are scattered.", minimum=0, maximum=1)
    seed: int = field(0, "Which random points.", minimum=0, maximum=2**31 - 1)

    def load(self) -> Data:
        inputs, targets = make_moons(self.samples, noise=self.noise, random_state=self.seed)
        return Data(inputs, targets.astype("int64"), "classification", ("x1", "x2"), ("blue", "orange"), "class")

    def source(self) -> str:
        return (
            "from sklearn.datasets import make_moons\n\n"
            f"X, y = make_moons({self.samples}, noise={self.noise!r}, random_state={self.seed})\n"
        )
