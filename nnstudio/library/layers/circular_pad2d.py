"""Padding of images with their other side."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import CircularPadding


class CircularPad2d(CircularPadding, dimensions=2, torch_class=nn.CircularPad2d):
    """Continues the image at each side with what is at the opposite side, as if it were a ring."""
