"""Softshrink."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class Softshrink(
    Activation,
    formula="x − λ if x > λ, x + λ if x < −λ, else 0",
    torch_class=nn.Softshrink,
    reference="torch.nn.Softshrink",
    aliases=("soft threshold", "shrinkage"),
):
    """Moves every number towards zero by λ, and the small ones to zero."""

    lambd: float = field(0.5, "How far λ each number is moved.", minimum=0)
