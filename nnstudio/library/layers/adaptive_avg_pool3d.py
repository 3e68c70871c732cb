"""The mean of volumes for an output of a wanted size."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._adaptive import AdaptiveAveragePooling


class AdaptiveAvgPool3d(AdaptiveAveragePooling, dimensions=3, torch_class=nn.AdaptiveAvgPool3d):
    """Takes means so that the output has the size that is wanted; size 1 is the mean of each channel."""
