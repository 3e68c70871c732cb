"""The pool of lines that takes means."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import AveragePooling


class AvgPool1d(AveragePooling, dimensions=1, torch_class=nn.AvgPool1d):
    """Takes the mean of each window: half as long, smoothed."""
