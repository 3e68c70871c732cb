"""The transposed convolution of images."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._convolution import TransposedConvolution


class ConvTranspose2d(TransposedConvolution, dimensions=2, torch_class=nn.ConvTranspose2d):
    """Puts a small learned pattern down for every number, so that the image becomes larger."""
