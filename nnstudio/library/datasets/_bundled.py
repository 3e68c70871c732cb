"""The tables that come with scikit-learn."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset


class Bundled(Dataset, abstract=True):
    """A table of classes that scikit-learn brings along. `loader` is the function's name in sklearn.datasets."""

    loader: ClassVar[Any] = None
    target_name: ClassVar[str] = "class"

    def load(self) -> Data:
        bunch = type(self).loader()
        features = tuple(str(name) for name in bunch.feature_names)
        classes = tuple(str(name) for name in bunch.target_names)
        targets = bunch.target.astype(np.int64)
        return Data(bunch.data, targets, "classification", features, classes, self.target_name)

    def source(self) -> str:
        name = type(self).loader.__name__
        return f"from sklearn.datasets import {name}\n\nX, y = {name}(return_X_y=True)\n"
