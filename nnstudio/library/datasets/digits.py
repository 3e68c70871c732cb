"""Handwritten digits."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset


class Digits(Dataset, category="Images", aliases=("mnist", "handwriting")):
    """Handwritten digits as images of 8 by 8 pixels: 1,797 of them."""

    def load(self) -> Data:
        bunch = load_digits()
        images = (bunch.images[:, np.newaxis] / 16).astype(np.float32)
        names = tuple(str(digit) for digit in range(10))
        return Data(images, bunch.target.astype(np.int64), "classification", (), names, "digit")

    def source(self) -> str:
        return (
            "import numpy as np\n"
            "from sklearn.datasets import load_digits\n\n"
            "digits = load_digits()\n"
            "X = (digits.images[:, np.newaxis] / 16).astype(np.float32)\n"
            "y = digits.target\n"
        )
