"""A function of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import field
from nnstudio.library.datasets._sources import call_source


def curve(function: str, samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of a function on [-1, 1], with normal noise on the values."""
    random = np.random.default_rng(seed)
    X = np.linspace(-1.0, 1.0, samples).reshape(-1, 1)
    values = {
        "sine": np.sin(2 * np.pi * X),
        "bump": np.exp(-20 * X**2),
        "step": np.where(X > 0, 1.0, -1.0),
        "square": X**2,
        "wave": np.sin(3 * np.pi * X) * X,
        "absolute": np.abs(X),
    }
    y = values[function] + noise * random.standard_normal((samples, 1))
    return X, y


class Curve1D(Dataset, category="Toy, one feature", aliases=("regression", "function", "sine")):
    """A function of one number, to be fitted: every wide enough hidden layer can come close."""

    title = "Curve (1-D)"
    function: str = field("sine", "Which function.", choices=("sine", "bump", "step", "square", "wave", "absolute"))
    samples: int = field(200, "How many points.", minimum=4, maximum=100_000, unit="rows")
    noise: float = field(0.05, "How far the values are scattered about the curve.", minimum=0, maximum=2)
    seed: int = field(0, "Which random points.", minimum=0, maximum=2**31 - 1)

    def _settings(self) -> dict[str, Any]:
        return {"function": self.function, "samples": self.samples, "noise": self.noise, "seed": self.seed}

    def load(self) -> Data:
        inputs, targets = curve(**self._settings())
        return Data(inputs, targets, "regression", ("x",), (), "y")

    def source(self) -> str:
        return call_source(curve, self._settings())
