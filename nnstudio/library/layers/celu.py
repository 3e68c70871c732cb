"""CELU."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class CELU(
    Activation,
    formula="max(0, x) + min(0, α (e^(x/α) − 1))",
    torch_class=nn.CELU,
    reference="torch.nn.CELU",
    aliases=("continuous exponential linear",),
):
    """An ELU that is smooth at zero for every α."""

    alpha: float = field(1.0, "How far down the negative side goes: to −α.", above_minimum=True, minimum=0)
