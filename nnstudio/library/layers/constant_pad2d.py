"""Padding of images with a number."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ConstantPadding


class ConstantPad2d(ConstantPadding, dimensions=2, torch_class=nn.ConstantPad2d):
    """Puts a number of your choice at the sides of the image."""
