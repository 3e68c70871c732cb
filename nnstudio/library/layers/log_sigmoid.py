"""LogSigmoid."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class LogSigmoid(
    Activation,
    formula="ln(σ(x))",
    torch_class=nn.LogSigmoid,
    reference="torch.nn.LogSigmoid",
    aliases=("log probability",),
):
    """The logarithm of a sigmoid, without its rounding errors."""
