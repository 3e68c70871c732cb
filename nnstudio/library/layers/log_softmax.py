"""LogSoftmax."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._along_axis import AlongAxis


class LogSoftmax(
    AlongAxis,
    formula="xᵢ − ln Σⱼ eˣʲ",
    torch_class=nn.LogSoftmax,
    reference="torch.nn.LogSoftmax",
    aliases=("log probabilities",),
):
    """The logarithms of the probabilities that Softmax gives, without their rounding errors."""
