"""Softmax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class Softmax(
    Activation, formula="eˣⁱ / Σⱼ eˣʲ", torch_class=nn.Softmax, reference="torch.nn.Softmax", aliases=("probabilities",)
):
    """Turns scores into probabilities that add up to 1 along one axis."""

    dim: int = field(-1, "Along which axis they add up to 1; −1 is the last.", minimum=-8, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from super().check(*types)
        axes = len(types[0].shape) + 1
        if not (-axes < self.dim < 0 or 0 < self.dim < axes):
            yield Complaint(
                "an axis of the row (the batch is axis 0)",
                f"axis {self.dim} on {types[0].text}",
                "Use −1, the last axis.",
            )

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"dim": self.dim}
