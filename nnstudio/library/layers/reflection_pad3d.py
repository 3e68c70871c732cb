"""Padding of volumes with their mirror image."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ReflectionPadding


class ReflectionPad3d(ReflectionPadding, dimensions=3, torch_class=nn.ReflectionPad3d):
    """Continues the volume at its sides with its mirror image."""
