"""Threshold."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class Threshold(
    Activation,
    formula="x if x > threshold else value",
    torch_class=nn.Threshold,
    reference="torch.nn.Threshold",
    aliases=("cut off",),
):
    """Keeps what is above a threshold and puts one value in place of the rest."""

    threshold: float = field(0.0, "Above which a number is kept.")
    value: float = field(0.0, "What the others become.")
