"""Transpose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_axis
from nnstudio.library.layers._operation import Operation


class Transpose(
    Operation,
    category="Shape",
    formula="[B, T, C] → [B, C, T]",
    reference="torch.transpose",
    aliases=("swap axes", "swapaxes", "permute"),
    example=(TensorType((4, 6)),),
):
    """Swaps two axes."""

    first: int = field(1, "One of the two axes; 0 is the batch, -1 the last.", minimum=-9, maximum=8)
    second: int = field(2, "The other axis.", minimum=-9, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        for axis in (self.first, self.second):
            wrong = list(needs_axis(types[0], axis))
            yield from wrong
            if wrong:
                return

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].transpose(self.first, self.second)

    def summary(self, *shapes: Shape) -> str:
        return f"axes {self.first} and {self.second}"
