"""Padding of lines with their edge."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ReplicationPadding


class ReplicationPad1d(ReplicationPadding, dimensions=1, torch_class=nn.ReplicationPad1d):
    """Continues the line at its sides with its outermost value."""
