"""Logic gates as data: the four rows of a truth table, or many points scattered about them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import field
from nnstudio.library.datasets._sources import call_source


def truth_table(outputs: tuple[int, ...], samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of (0, 0), (0, 1), (1, 0), (1, 1) in turn, each moved by normal noise, with the output of the gate."""
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
    which = np.arange(samples) % 4
    X = corners[which] + noise * np.random.default_rng(seed).standard_normal((samples, 2))
    y = np.array(outputs, dtype=np.int64)[which]
    return X, y


class Gate(Dataset, abstract=True):
    """A logic gate of two inputs."""

    outputs: ClassVar[tuple[int, ...]] = ()

    samples: int = field(4, "How many rows; 4 is the truth table itself.", minimum=4, maximum=100_000, unit="rows")
    noise: float = field(0.0, "How far the points are scattered about the corners.", minimum=0, maximum=1)
    seed: int = field(0, "Which random points.", minimum=0, maximum=2**31 - 1)

    def _settings(self) -> dict[str, Any]:
        return {"outputs": self.outputs, "samples": self.samples, "noise": self.noise, "seed": self.seed}

    def load(self) -> Data:
        inputs, targets = truth_table(**self._settings())
        return Data(inputs, targets, "classification", ("x1", "x2"), ("false", "true"), type(self).__name__)

    def source(self) -> str:
        return call_source(truth_table, self._settings())
