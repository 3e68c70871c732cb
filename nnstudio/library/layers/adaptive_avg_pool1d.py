"""The mean of lines for an output of a wanted size."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._adaptive import AdaptiveAveragePooling


class AdaptiveAvgPool1d(AdaptiveAveragePooling, dimensions=1, torch_class=nn.AdaptiveAvgPool1d):
    """Takes means so that the output has the size that is wanted; size 1 is the mean of each channel."""

    output_size: int = field(1, "The length that comes out.", minimum=1)
