"""Two spirals."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import field
from nnstudio.library.datasets._sources import call_source


def two_spirals(samples: int, turns: float, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two arms that wind around each other; the noise is normal, the radius reaches 1."""
    random = np.random.default_rng(seed)
    y = np.arange(samples, dtype=np.int64) % 2
    along = np.arange(samples) // 2 / max(1, samples // 2)
    radius = 0.08 + 0.92 * along
    angle = 2 * np.pi * turns * along + np.pi * y
    X = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    X = X + noise * random.standard_normal((samples, 2))
    return X, y


class Spirals(Dataset, category="Toy, two features", aliases=("spiral",)):
    """Two arms that wind around each other: hard for a small network, and good to watch."""

    samples: int = field(250, "How many points.", minimum=4, maximum=100_000, unit="rows")
    turns: float = field(1.5, "How often each arm winds around.", minimum=0.25, maximum=6)
    noise: float = field(0.02, "How far the points are scattered about the arms.", minimum=0, maximum=1)
    seed: int = field(0, "Which random points.", minimum=0, maximum=2**31 - 1)

    def _settings(self) -> dict[str, Any]:
        return {"samples": self.samples, "turns": self.turns, "noise": self.noise, "seed": self.seed}

    def load(self) -> Data:
        inputs, targets = two_spirals(**self._settings())
        return Data(inputs, targets, "classification", ("x1", "x2"), ("blue", "orange"), "arm")

    def source(self) -> str:
        return call_source(two_spirals, self._settings())
