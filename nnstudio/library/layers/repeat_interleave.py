"""RepeatInterleave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_axis
from nnstudio.library.layers._operation import Operation


class RepeatInterleave(
    Operation,
    category="Shape",
    formula="[B, 3] → [B, 6]: a a b b c c",
    reference="torch.repeat_interleave",
    aliases=("repeat", "upsample", "grouped heads"),
):
    """Repeats each entry along an axis, one beside the other."""

    repeats: int = field(2, "How often each entry comes.", minimum=1)
    axis: int = field(1, "Along which axis; -1 is the last.", minimum=-9, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_axis(types[0], self.axis)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].repeat_interleave(self.repeats, dim=self.axis)

    def summary(self, *shapes: Shape) -> str:
        return f"{self.repeats} times"
