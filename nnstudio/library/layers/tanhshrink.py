"""Tanhshrink."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class Tanhshrink(
    Activation,
    formula="x − tanh(x)",
    torch_class=nn.Tanhshrink,
    reference="torch.nn.Tanhshrink",
    aliases=("shrinkage",),
):
    """What tanh leaves over: small numbers all but vanish."""
