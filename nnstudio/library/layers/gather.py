"""Gather."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis, place, sizes
from nnstudio.library.layers._operation import Operation


class Gather(
    Operation,
    category="Shape",
    formula="y[b, i] = x[b, index[b, i]]",
    reference="torch.gather",
    aliases=("lookup", "pick", "take along axis", "index"),
    inputs=(Port("input"), Port("index", "Whole numbers that say which entries are taken.")),
    example=(TensorType((6,)), TensorType((2,), "int64")),
):
    """Takes from each row the entries that a second tensor names."""

    axis: int = field(1, "Along which axis the numbers count; -1 is the last.", minimum=-9, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        kind, index = types
        every = f"input {kind.text} and index {index.text}"
        wrong = list(needs_row_axis(kind, self.axis))
        if not wrong and index.dtype != "int64":
            wrong = [Complaint("whole numbers (int64)", f"index {index.text} ({index.dtype})", "Add a Cast before it.")]
        if not wrong and (kind.axes, kind.rows, kind.axis) != (index.axes, index.rows, index.axis):
            fix = "Add an Unsqueeze or an Expand to the index."
            wrong = [Complaint("an index with the same axes as the input, the batch too", every, fix)]
        yield from wrong
        if wrong:
            return
        axis = place(self.axis, kind.axes)
        pairs = [pair for at, pair in enumerate(zip(sizes(kind), sizes(index), strict=True)) if at != axis]
        if any(isinstance(there, int) and isinstance(asked, int) and asked > there for there, asked in pairs):
            yield Complaint("an index that is not larger than the input", every, "Add a Slice to the index.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].gather(self.axis, tensors[1])

    def summary(self, *shapes: Shape) -> str:
        return f"along axis {self.axis}"
