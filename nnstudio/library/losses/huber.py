"""Huber loss."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.losses._distance import Distance


class HuberLoss(
    Distance,
    formula="½ d² where |d| ≤ δ, else δ (|d| − ½ δ)",
    torch_class=nn.HuberLoss,
    reference="torch.nn.HuberLoss",
    aliases=("robust regression",),
):
    """Squared for small distances and absolute for large ones: smooth, and calm about outliers."""

    delta: float = field(1.0, "The distance from which on it grows in proportion.", minimum=0, above_minimum=True)
