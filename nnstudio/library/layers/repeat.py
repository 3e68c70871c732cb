"""Repeat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._operation import Operation


class Repeat(
    Operation,
    category="Shape",
    formula="[B, 3] → [B, 6]: a b c a b c",
    reference="torch.Tensor.repeat",
    aliases=("tile", "copy", "duplicate"),
):
    """Lays copies of a tensor one after the other along its axes."""

    repeats: tuple[int, ...] = field((1, 2), "How many copies along each axis, the batch axis first.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        new = len(self.repeats) - kind.axes
        if new < 0:
            yield Complaint(
                f"a number for each of the {kind.axes} axes of {kind.text}",
                f"{len(self.repeats)} numbers",
                "Put a 1 before them for each axis that stays.",
            )
        elif kind.rows and self.repeats[new + kind.axis] != 1:
            yield Complaint(
                f"one copy along the batch, axis {kind.axis}",
                f"{self.repeats[new + kind.axis]}",
                "Use 1 there, or RepeatInterleave.",
            )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].repeat(*self.repeats)

    def summary(self, *shapes: Shape) -> str:
        return "×".join(map(str, self.repeats))
