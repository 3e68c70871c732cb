"""Constant."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Initializer
from nnstudio.core.spec import field


class Constant(
    Initializer,
    formula="w = val",
    torch_function=nn.init.constant_,
    reference="torch.nn.init.constant_",
    aliases=("fill", "same"),
):
    """Sets every number to the same one."""

    val: float = field(0.0, "The number.")
