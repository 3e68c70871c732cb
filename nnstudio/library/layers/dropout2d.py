"""The dropout of channels of images."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._dropouts import ChannelDropout


class Dropout2d(ChannelDropout, dimensions=2, torch_class=nn.Dropout2d):
    """Sets random channels of each image to zero while training, as neighbours within a channel tell the same."""
