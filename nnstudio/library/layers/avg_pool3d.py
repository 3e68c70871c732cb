"""The pool of volumes that takes means."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import DividedPooling


class AvgPool3d(DividedPooling, dimensions=3, torch_class=nn.AvgPool3d):
    """Takes the mean of each window: half the size, smoothed."""
