"""Softplus."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class Softplus(
    Activation,
    formula="ln(1 + e^(β x)) / β",
    torch_class=nn.Softplus,
    reference="torch.nn.Softplus",
    aliases=("smooth relu",),
):
    """A smooth ReLU that is always positive, as a spread or a rate must be."""

    beta: float = field(1.0, "How sharp the bend at zero is.", above_minimum=True, minimum=0)
    threshold: float = field(20.0, "Where β x is above this, it is taken as straight, so that nothing overflows.")
