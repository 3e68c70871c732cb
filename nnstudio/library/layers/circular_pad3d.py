"""Padding of volumes with their other side."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import CircularPadding


class CircularPad3d(CircularPadding, dimensions=3, torch_class=nn.CircularPad3d):
    """Continues the volume at each side with what is at the opposite side, as if it were a ring."""
