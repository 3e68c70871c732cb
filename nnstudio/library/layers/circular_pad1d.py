"""Padding of lines with their other side."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import CircularPadding


class CircularPad1d(CircularPadding, dimensions=1, torch_class=nn.CircularPad1d):
    """Continues the line at each side with what is at the opposite side, as if it were a ring."""
