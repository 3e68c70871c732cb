"""Unsqueeze."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import place
from nnstudio.library.layers._operation import Operation


class Unsqueeze(
    Operation,
    category="Shape",
    formula="[B, T] → [B, 1, T]",
    reference="torch.unsqueeze",
    aliases=("new axis", "add axis", "expand dims"),
):
    """Puts in an axis of size 1."""

    axis: int = field(1, "Where the new axis is; 1 is behind the batch, -1 the end.", minimum=-9, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        axes = types[0].axes + 1
        if place(self.axis, axes) is None:
            yield Complaint(
                f"a place from {-axes} to {axes - 1} for the new axis", f"{self.axis} on {types[0].text}", "Use -1."
            )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].unsqueeze(self.axis)

    def summary(self, *shapes: Shape) -> str:
        return f"axis {self.axis}"
