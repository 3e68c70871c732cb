"""The dropout of channels of volumes."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._dropouts import ChannelDropout


class Dropout3d(ChannelDropout, dimensions=3, torch_class=nn.Dropout3d):
    """Sets random channels of each volume to zero while training, as neighbours within a channel tell the same."""
