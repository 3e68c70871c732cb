"""Cumsum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis
from nnstudio.library.layers._operation import Operation


class Cumsum(
    Operation,
    category="Mathematics",
    formula="yᵢ = x₁ + … + xᵢ",
    reference="torch.cumsum",
    aliases=("cumulative sum", "running total", "prefix sum"),
):
    """Adds up along an axis, step by step."""

    axis: int = field(-1, "Along which axis; -1 is the last.", minimum=-9, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_row_axis(types[0], self.axis)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].cumsum(dim=self.axis)

    def summary(self, *shapes: Shape) -> str:
        return f"axis {self.axis}"
