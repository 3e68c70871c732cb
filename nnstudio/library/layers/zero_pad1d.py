"""Padding of lines with zeros."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ZeroPadding


class ZeroPad1d(ZeroPadding, dimensions=1, torch_class=nn.ZeroPad1d):
    """Puts zeros at the sides of the line."""
