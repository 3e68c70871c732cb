"""ReLU6."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class ReLU6(
    Activation,
    formula="min(max(0, x), 6)",
    torch_class=nn.ReLU6,
    reference="torch.nn.ReLU6",
    aliases=("clipped relu",),
):
    """A ReLU that goes no higher than 6; made for phones that count with few bits."""
