"""ReLU."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class ReLU(
    Activation,
    formula="max(0, x)",
    torch_class=nn.ReLU,
    reference="torch.nn.ReLU",
    aliases=("rectifier", "rectified linear"),
):
    """Keeps what is positive and sets the rest to zero."""
