"""The convolution of volumes."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._convolution import Convolution


class Conv3d(
    Convolution, dimensions=3, torch_class=nn.Conv3d, aliases=("volumetric convolution", "video", "convolution")
):
    """Slides small filters through the volume: each finds its pattern wherever it is."""
