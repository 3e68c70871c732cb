"""Hardshrink."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class Hardshrink(
    Activation,
    formula="x if |x| > λ else 0",
    torch_class=nn.Hardshrink,
    reference="torch.nn.Hardshrink",
    aliases=("hard threshold", "shrinkage"),
):
    """Sets small numbers to zero and leaves the others."""

    lambd: float = field(0.5, "Up to which size λ a number becomes zero.")
