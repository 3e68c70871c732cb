"""UpsamplingBilinear2d."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._resizing import Resizing


class UpsamplingBilinear2d(Resizing, dimensions=2, torch_class=nn.UpsamplingBilinear2d):
    """Makes an image larger with straight lines between its numbers; the corners stay where they are."""
