"""The pool of volumes that keeps the largest values."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import MaxPooling


class MaxPool3d(MaxPooling, dimensions=3, torch_class=nn.MaxPool3d):
    """Keeps the largest value of each window: half the size, the strongest signal stays."""
