"""IndexSelect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import needs_row_axis, size
from nnstudio.library.layers._indexing import at
from nnstudio.library.layers._operation import Operation


class IndexSelect(
    Operation,
    category="Shape",
    formula="y = x[:, [i, j, k]]",
    reference="torch.index_select",
    aliases=("pick", "reorder", "shuffle channels", "columns", "take"),
):
    """Keeps the named entries along an axis, in the order in which they are named."""

    axis: int = field(1, "Along which axis; 1 is the first after the batch, -1 the last.", minimum=-9, maximum=8)
    indices: tuple[int, ...] = field((0, 2), "Which entries; 0 is the first, -1 the last.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.indices) <= 65_536:
            raise SpecError("indices", "1 to 65,536 whole numbers", f"{len(self.indices)}")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_row_axis(types[0], self.axis))
        yield from wrong
        if wrong:
            return
        whole = size(types[0], self.axis)
        outside = [index for index in self.indices if not -whole <= index < whole]
        if outside:
            needed = f"entries from {-whole} to {whole - 1} at axis {self.axis} of {types[0].text}"
            yield Complaint(needed, f"{outside[0]}", "Name entries that there are.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0][at(self.axis, list(self.indices))]

    def summary(self, *shapes: Shape) -> str:
        return f"{len(self.indices)} of axis {self.axis}"
