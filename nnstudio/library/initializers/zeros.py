"""Zeros."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Initializer


class Zeros(
    Initializer,
    formula="w = 0",
    torch_function=nn.init.zeros_,
    reference="torch.nn.init.zeros_",
    aliases=("fill", "constant", "zero init"),
):
    """Sets every number to zero."""
