"""The largest values of images for an output of a wanted size."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._adaptive import AdaptiveMaxPooling


class AdaptiveMaxPool2d(AdaptiveMaxPooling, dimensions=2, torch_class=nn.AdaptiveMaxPool2d):
    """Keeps largest values so that the output has the size that is wanted; size 1 is the maximum of each channel."""
