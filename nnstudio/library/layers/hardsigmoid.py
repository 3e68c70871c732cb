"""Hardsigmoid."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._activation import Activation


class Hardsigmoid(
    Activation,
    formula="min(max(0, x/6 + ½), 1)",
    torch_class=nn.Hardsigmoid,
    reference="torch.nn.Hardsigmoid",
    aliases=("straight sigmoid",),
):
    """A sigmoid made of three straight lines; quick on phones."""
