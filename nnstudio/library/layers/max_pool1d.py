"""The pool of lines that keeps the largest values."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import MaxPooling


class MaxPool1d(MaxPooling, dimensions=1, torch_class=nn.MaxPool1d):
    """Keeps the largest value of each window: half as long, the strongest signal stays."""
