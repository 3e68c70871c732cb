"""The pool of images that takes means."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import DividedPooling


class AvgPool2d(DividedPooling, dimensions=2, torch_class=nn.AvgPool2d):
    """Takes the mean of each window: half the size, smoothed."""
