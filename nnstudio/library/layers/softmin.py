"""Softmin."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._along_axis import AlongAxis


class Softmin(
    AlongAxis,
    formula="e⁻ˣⁱ / Σⱼ e⁻ˣʲ",
    torch_class=nn.Softmin,
    reference="torch.nn.Softmin",
    aliases=("probabilities of costs",),
):
    """Softmax turned round: the smallest number gets the largest share."""
