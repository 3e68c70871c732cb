"""Permute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._operation import Operation


class Permute(
    Operation,
    category="Shape",
    formula="[B, C, H, W] → [B, H, W, C]",
    reference="torch.permute",
    aliases=("transpose", "reorder axes", "channels last", "rearrange", "movedim"),
    example=(TensorType((3, 8, 8)),),
):
    """Puts the axes into another order."""

    order: tuple[int, ...] = field(
        (0, 2, 3, 1), "Which axis comes first, second and so on; 0 is the batch.", minimum=-9, maximum=8
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        axes = len(self.order)
        if not axes or sorted(axis % axes if -axes <= axis < axes else -1 for axis in self.order) != list(range(axes)):
            listed = ", ".join(map(str, self.order))
            raise SpecError("order", "every axis from 0 on once, such as 0, 2, 1", listed or "an empty list")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        if types[0].axes != len(self.order):
            yield Complaint(
                f"a tensor of {len(self.order)} axes, the batch counted",
                f"{types[0].axes} axes {types[0].text}",
                "Name each of its axes once in the order.",
            )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].permute(*self.order)

    def summary(self, *shapes: Shape) -> str:
        return "to " + ", ".join(map(str, self.order))
