"""The 1-dimensional transposed convolution."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._convolution import TransposedConvolution


class ConvTranspose1d(TransposedConvolution, dimensions=1, torch_class=nn.ConvTranspose1d):
    """Puts a small learned pattern down for every number, so that the line becomes longer."""
