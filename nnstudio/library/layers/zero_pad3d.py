"""Padding of volumes with zeros."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ZeroPadding


class ZeroPad3d(ZeroPadding, dimensions=3, torch_class=nn.ZeroPad3d):
    """Puts zeros at the sides of the volume."""
