"""The mean of images for an output of a wanted size."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._adaptive import AdaptiveAveragePooling


class AdaptiveAvgPool2d(AdaptiveAveragePooling, dimensions=2, torch_class=nn.AdaptiveAvgPool2d):
    """Takes means so that the output has the size that is wanted; size 1 is the mean of each channel."""
