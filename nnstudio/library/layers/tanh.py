"""Tanh."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class Tanh(
    Activation,
    formula="tanh(x)",
    torch_class=nn.Tanh,
    reference="torch.nn.Tanh",
    aliases=("hyperbolic tangent", "squash"),
):
    """Squeezes every number between −1 and 1; flat at both ends."""
