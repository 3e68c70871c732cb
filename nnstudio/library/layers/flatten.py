"""Flatten."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._checks import words


class Flatten(
    Layer,
    category="Shape",
    formula="[B, C, H, W] → [B, C H W]",
    torch_class=nn.Flatten,
    reference="torch.nn.Flatten",
    aliases=("vector", "ravel", "line"),
    example=(TensorType((4, 3, 2)),),
):
    """Puts all numbers of a row into one line, as Linear takes them."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        if not types[0].shape:
            yield Complaint("at least 2 axes [B, features]", f"1 axis {types[0].text}", "Leave it out.")

    def summary(self, *shapes: Shape) -> str:
        return f"{words(shapes[0])} → {math.prod(shapes[0])}"
