"""Select."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis, size
from nnstudio.library.layers._indexing import at
from nnstudio.library.layers._operation import Operation


class Select(
    Operation,
    category="Shape",
    formula="y = x[:, i]",
    reference="torch.select",
    aliases=("index", "pick", "last step", "class token", "item"),
    example=(TensorType((4, 6)),),
):
    """Keeps one entry along an axis, which goes: the last step of a sequence, or the class token."""

    axis: int = field(1, "Along which axis; 1 is the first after the batch, -1 the last.", minimum=-9, maximum=8)
    index: int = field(0, "Which entry; 0 is the first, -1 the last.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_row_axis(types[0], self.axis))
        yield from wrong
        if not wrong and not -(whole := size(types[0], self.axis)) <= self.index < whole:
            yield Complaint(
                f"an entry from {-whole} to {whole - 1} at axis {self.axis} of {types[0].text}",
                f"{self.index}",
                "Use -1, the last entry.",
            )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0][at(self.axis, self.index)]

    def summary(self, *shapes: Shape) -> str:
        return f"entry {self.index} of axis {self.axis}"
