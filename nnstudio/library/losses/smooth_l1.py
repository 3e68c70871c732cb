"""Smooth L1 loss."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.losses._distance import Distance


class SmoothL1Loss(
    Distance,
    formula="½ d² / β where |d| < β, else |d| − ½ β",
    torch_class=nn.SmoothL1Loss,
    reference="torch.nn.SmoothL1Loss",
    aliases=("huber", "robust regression"),
):
    """The absolute distance with its kink rounded off: HuberLoss divided by the distance where it changes."""

    beta: float = field(1.0, "The distance from which on it is the absolute distance; 0: L1Loss.", minimum=0)
