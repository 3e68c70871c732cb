"""Softsign."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class Softsign(
    Activation,
    formula="x / (1 + |x|)",
    torch_class=nn.Softsign,
    reference="torch.nn.Softsign",
    aliases=("squash",),
):
    """Squeezes numbers to between −1 and 1, slower than tanh."""
