"""SiLU."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class SiLU(
    Activation,
    formula="x σ(x)",
    torch_class=nn.SiLU,
    reference="torch.nn.SiLU",
    aliases=("swish", "sigmoid linear"),
):
    """A number times its own sigmoid: smooth, and a little negative before it falls to zero."""
