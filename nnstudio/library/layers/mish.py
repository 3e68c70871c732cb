"""Mish."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class Mish(
    Activation,
    formula="x tanh(ln(1 + eˣ))",
    torch_class=nn.Mish,
    reference="torch.nn.Mish",
    aliases=("self-regularised",),
):
    """Much like SiLU, a little smoother."""
