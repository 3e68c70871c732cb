"""Padding of lines with a number."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ConstantPadding


class ConstantPad1d(ConstantPadding, dimensions=1, torch_class=nn.ConstantPad1d):
    """Puts a number of your choice at the sides of the line."""
