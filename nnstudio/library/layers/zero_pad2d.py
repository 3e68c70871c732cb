"""Padding of images with zeros."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ZeroPadding


class ZeroPad2d(ZeroPadding, dimensions=2, torch_class=nn.ZeroPad2d):
    """Puts zeros at the sides of the image."""
