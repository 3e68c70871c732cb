"""UpsamplingNearest2d."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._resizing import Resizing


class UpsamplingNearest2d(Resizing, dimensions=2, torch_class=nn.UpsamplingNearest2d):
    """Makes an image larger by repeating its nearest numbers."""
