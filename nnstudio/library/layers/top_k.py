"""TopK."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis, size
from nnstudio.library.layers._operation import Operation, needs_numbers


class TopK(
    Operation,
    category="Mathematics",
    formula="the k largest, and where they are",
    reference="torch.topk",
    aliases=("largest", "sort", "router", "mixture of experts", "beam"),
    outputs=(Port("values", "The k largest numbers."), Port("indices", "Where they are (int64).")),
):
    """Keeps the k largest numbers along an axis, the largest first, and says where they were."""

    k: int = field(2, "How many are kept.", minimum=1)
    axis: int = field(-1, "Along which axis; -1 is the last.", minimum=-9, maximum=8)
    largest: bool = field(True, "Whether the largest are kept, or the smallest.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [*needs_row_axis(types[0], self.axis), *needs_numbers(types[0])][:1]
        yield from wrong
        if not wrong and self.k > size(types[0], self.axis):
            got = f"{size(types[0], self.axis)} at axis {self.axis} of {types[0].text}"
            yield Complaint(f"an axis of at least {self.k}", got, "Use a smaller k.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        more = {} if self.largest else {"largest": False}
        found = tensors[0].topk(self.k, dim=self.axis, **more)
        return found[0], found[1]

    def summary(self, *shapes: Shape) -> str:
        return f"k = {self.k}"
