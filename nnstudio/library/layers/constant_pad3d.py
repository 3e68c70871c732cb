"""Padding of volumes with a number."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ConstantPadding


class ConstantPad3d(ConstantPadding, dimensions=3, torch_class=nn.ConstantPad3d):
    """Puts a number of your choice at the sides of the volume."""
