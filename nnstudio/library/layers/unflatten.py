"""Unflatten."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Self

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis, size
from nnstudio.library.layers._checks import words


class Unflatten(
    Layer,
    category="Shape",
    formula="[B, C H W] → [B, C, H, W]",
    torch_class=nn.Unflatten,
    reference="torch.nn.Unflatten",
    aliases=("split axis", "back into an image", "reshape"),
    example=(TensorType((64,)),),
):
    """Makes several axes out of one: the way back from Flatten."""

    dim: int = field(1, "The axis that is cut up; the batch is axis 0.", minimum=-8, maximum=8)
    unflattened_size: tuple[int, ...] = field((1, 8, 8), "The sizes that it gets, such as 1, 8, 8.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_row_axis(types[0], self.dim))
        yield from wrong
        if wrong:
            return
        has, wanted = size(types[0], self.dim), math.prod(self.unflattened_size)
        if has != wanted or not self.unflattened_size:
            sizes = words(self.unflattened_size) or "no sizes"
            fix = f"Use sizes that multiply to {has}."
            yield Complaint(f"{wanted} numbers along axis {self.dim} for {sizes}", f"{has} in {types[0].text}", fix)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"dim": self.dim, "unflattened_size": self.unflattened_size}

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return cls(dim=module.dim, unflattened_size=tuple(module.unflattened_size))

    def summary(self, *shapes: Shape) -> str:
        return "to " + words(self.unflattened_size)
