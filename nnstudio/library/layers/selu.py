"""SELU."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class SELU(
    Activation,
    formula="1.0507 x if x > 0 else 1.7581 (eˣ − 1)",
    torch_class=nn.SELU,
    reference="torch.nn.SELU",
    aliases=("scaled exponential linear", "self-normalising"),
):
    """An ELU of such numbers that signals keep their mean and spread from layer to layer."""
