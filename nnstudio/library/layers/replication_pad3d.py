"""Padding of volumes with their edge."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ReplicationPadding


class ReplicationPad3d(ReplicationPadding, dimensions=3, torch_class=nn.ReplicationPad3d):
    """Continues the volume at its sides with its outermost value."""
