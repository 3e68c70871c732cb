"""Padding of lines with their mirror image."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ReflectionPadding


class ReflectionPad1d(ReflectionPadding, dimensions=1, torch_class=nn.ReflectionPad1d):
    """Continues the line at its sides with its mirror image."""
