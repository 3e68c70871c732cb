"""Blobs."""

from __future__ import annotations

from sklearn.datasets import make_blobs

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import field


class Blobs(Dataset, category="Toy, two features", aliases=("clusters",)):
    """Round clouds of points, one for each class."""

    samples: int = field(300, "How many points.", minimum=4, maximum=100_000, unit="rows")
    centers: int = field(3, "How many clouds.", minimum=2, maximum=10)
    spread: float = field(1.0, "How wide a cloud is.", minimum=0, maximum=10)
    seed: int = field(0, "Which random points.", minimum=0, maximum=2**31 - 1)

    def load(self) -> Data:
        inputs, targets = make_blobs(
            self.samples, centers=self.centers, cluster_std=self.spread, random_state=self.seed
        )
        names = tuple(f"cloud {number + 1}" for number in range(self.centers))
        return Data(inputs, targets.astype("int64"), "classification", ("x1", "x2"), names, "cloud")

    def source(self) -> str:
        return (
            "from sklearn.datasets import make_blobs\n\n"
            f"X, y = make_blobs({self.samples}, centers={self.centers}, cluster_std={self.spread!r}, "
            f"random_state={self.seed})\n"
        )
