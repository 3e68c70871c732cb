"""Sigmoid."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class Sigmoid(
    Activation,
    formula="σ(x) = 1 / (1 + e⁻ˣ)",
    torch_class=nn.Sigmoid,
    reference="torch.nn.Sigmoid",
    aliases=("logistic", "squash"),
):
    """Squeezes every number between 0 and 1; flat at both ends."""
