"""Squeeze."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis, size
from nnstudio.library.layers._operation import Operation


class Squeeze(
    Operation,
    category="Shape",
    formula="[B, 1, T] → [B, T]",
    reference="torch.squeeze",
    aliases=("remove axis", "drop axis"),
    example=(TensorType((6, 1)),),
):
    """Takes away an axis of size 1."""

    axis: int = field(-1, "Which axis goes; -1 is the last.", minimum=-9, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_row_axis(types[0], self.axis))
        yield from wrong
        if not wrong and size(types[0], self.axis) != 1:
            got = f"size {size(types[0], self.axis)} at axis {self.axis} of {types[0].text}"
            yield Complaint("an axis of size 1", got, "Use Select to keep one entry, or Mean over the axis.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].squeeze(self.axis)

    def summary(self, *shapes: Shape) -> str:
        return f"axis {self.axis}"
