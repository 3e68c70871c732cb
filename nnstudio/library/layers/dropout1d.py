"""The dropout of channels of lines."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._dropouts import ChannelDropout


class Dropout1d(ChannelDropout, dimensions=1, torch_class=nn.Dropout1d):
    """Sets random channels of each line to zero while training, as neighbours within a channel tell the same."""
