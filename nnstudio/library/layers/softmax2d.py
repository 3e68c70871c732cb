"""Softmax over the channels of an image."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._activation import Activation
from nnstudio.library.layers._checks import needs_axes


class Softmax2d(
    Activation,
    anywhere=False,
    formula="eˣᶜ / Σₖ eˣᵏ over the channels",
    torch_class=nn.Softmax2d,
    reference="torch.nn.Softmax2d",
    aliases=("spatial softmax", "probabilities of pixels"),
    example=(TensorType((4, 3, 2)),),
):
    """Turns the channels of each pixel into probabilities that add up to 1."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(super().check(*types)) or list(needs_axes(types[0], "B, C, H, W", "Add a Reshape before it."))
        yield from wrong
