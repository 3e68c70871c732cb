"""Padding of images with their edge."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._padding import ReplicationPadding


class ReplicationPad2d(ReplicationPadding, dimensions=2, torch_class=nn.ReplicationPad2d):
    """Continues the image at its sides with its outermost value."""
