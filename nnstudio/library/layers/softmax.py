"""Softmax."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._along_axis import AlongAxis


class Softmax(
    AlongAxis,
    formula="eˣⁱ / Σⱼ eˣʲ",
    torch_class=nn.Softmax,
    reference="torch.nn.Softmax",
    aliases=("probabilities",),
):
    """Turns scores into probabilities that add up to 1 along one axis."""
