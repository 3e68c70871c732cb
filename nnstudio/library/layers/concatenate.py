"""Concatenate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import is_batch, place, sizes
from nnstudio.library.layers._joining import Joining, named, needs_one_type


class Concatenate(
    Joining,
    category="Combine",
    formula="y = [a, b]",
    reference="torch.cat",
    aliases=("cat", "concat", "merge", "skip connection"),
    example=(TensorType((6,)), TensorType((4,))),
):
    """Puts its inputs side by side along one axis."""

    axis: int = field(
        1,
        "Which axis grows: 1 is the first after the batch (features or channels), -1 the last.",
        minimum=-8,
        maximum=8,
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        every = named(types)
        wrong = list(needs_one_type(types))
        yield from wrong
        if wrong:
            return
        axis = place(self.axis, types[0].axes)
        batches = {kind.axis if kind.rows else None for kind in types}
        if len({kind.axes for kind in types}) > 1:
            yield Complaint("inputs with equally many axes", every, "Add a Flatten or a Reshape to one of them.")
        elif axis is None:
            yield Complaint(f"inputs that have an axis {self.axis}", every, "Use axis -1, the last axis.")
        elif any(is_batch(kind, axis) for kind in types):
            fix = "Use -1, the last axis; two batches are not put one after the other."
            yield Complaint(f"an axis of the row (the batch is axis {axis})", f"axis {self.axis} of {every}", fix)
        elif len(batches) > 1:
            fix = "Add an Expand to what has no batch axis, or a Permute to one of them."
            yield Complaint("inputs with the batch as the same axis", every, fix)
        elif len({sizes(kind)[:axis] + sizes(kind)[axis + 1 :] for kind in types}) > 1:
            yield Complaint(f"inputs alike in all axes but axis {self.axis}", every, "Bring them to one size first.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.cat(tensors, dim=self.axis)

    def summary(self, *shapes: Shape) -> str:
        place = self.axis if self.axis < 0 else self.axis - 1
        if not all(-len(shape) <= place < len(shape) for shape in shapes):
            return super().summary(*shapes)
        found = [shape[place] for shape in shapes]
        return f"{' + '.join(map(str, found))} → {sum(found)}"
