"""Reshape."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field


class Reshape(
    Layer,
    category="Shape",
    formula="the same numbers, other axes",
    reference="torch.reshape",
    aliases=("view", "unflatten"),
):
    """Gives each row another shape with the same numbers in the same order."""

    shape: tuple[int, ...] = field((1, 8, 8), "The shape of one row afterwards, such as 1, 8, 8.", minimum=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.shape:
            raise SpecError("shape", "at least one whole number", "an empty list")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        if types[0].size != math.prod(self.shape):
            yield Complaint(
                f"{math.prod(self.shape)} numbers a row for the shape {', '.join(map(str, self.shape))}",
                f"{types[0].size} ({types[0].text})",
                f"Use a shape whose sizes multiply to {types[0].size}.",
            )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].reshape(-1, *self.shape)

    def summary(self, *shapes: Shape) -> str:
        return "to " + "×".join(map(str, self.shape))
