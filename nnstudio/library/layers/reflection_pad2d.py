"""Padding of images with their mirror image."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ReflectionPadding


class ReflectionPad2d(ReflectionPadding, dimensions=2, torch_class=nn.ReflectionPad2d):
    """Continues the image at its sides with its mirror image."""
