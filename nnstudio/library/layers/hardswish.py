"""Hardswish."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class Hardswish(
    Activation,
    formula="x · min(max(0, x/6 + ½), 1)",
    torch_class=nn.Hardswish,
    reference="torch.nn.Hardswish",
    aliases=("hard swish", "hard silu"),
):
    """SiLU with straight lines; quick on phones."""
