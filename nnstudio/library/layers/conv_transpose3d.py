"""The transposed convolution of volumes."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._convolution import TransposedConvolution


class ConvTranspose3d(TransposedConvolution, dimensions=3, torch_class=nn.ConvTranspose3d):
    """Puts a small learned pattern down for every number, so that the volume becomes larger."""
