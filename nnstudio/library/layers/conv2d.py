"""The convolution of images."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._convolution import Convolution


class Conv2d(Convolution, dimensions=2, torch_class=nn.Conv2d):
    """Slides small filters over the image: each finds its pattern wherever it is."""
