"""Ones."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Initializer


class Ones(
    Initializer,
    formula="w = 1",
    torch_function=nn.init.ones_,
    reference="torch.nn.init.ones_",
    aliases=("fill", "constant"),
):
    """Sets every number to one."""
