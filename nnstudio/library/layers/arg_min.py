"""ArgMin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis
from nnstudio.library.layers._operation import Operation, needs_numbers


class ArgMin(
    Operation,
    category="Mathematics",
    formula="y = i with the smallest xᵢ",
    reference="torch.argmin",
    aliases=("index of the smallest", "nearest", "code of a codebook"),
):
    """Says where along an axis the smallest number is; no gradient passes."""

    axis: int = field(-1, "Along which axis; -1 is the last.", minimum=-9, maximum=8)
    keepdim: bool = field(False, "Whether the axis stays with the size 1.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from [*needs_row_axis(types[0], self.axis), *needs_numbers(types[0])][:1]

    def apply(self, module: Any, *tensors: Any) -> Any:
        keepdim = {"keepdim": True} if self.keepdim else {}
        return tensors[0].argmin(dim=self.axis, **keepdim)

    def summary(self, *shapes: Shape) -> str:
        return f"axis {self.axis}"
