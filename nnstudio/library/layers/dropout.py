"""Dropout."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._dropouts import RandomLoss


class Dropout(RandomLoss, torch_class=nn.Dropout, reference="torch.nn.Dropout", anywhere=True):
    """Sets random inputs to zero while training, so that no unit is relied on alone."""
