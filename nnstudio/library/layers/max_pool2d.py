"""The pool of images that keeps the largest values."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import MaxPooling


class MaxPool2d(MaxPooling, dimensions=2, torch_class=nn.MaxPool2d):
    """Keeps the largest value of each window: half the size, the strongest signal stays."""
