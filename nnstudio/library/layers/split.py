"""Split."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import needs_row_axis, size
from nnstudio.library.layers._joining import NAMES
from nnstudio.library.layers._operation import Operation


class Split(
    Operation,
    category="Shape",
    formula="[B, 6] → [B, 4], [B, 2]",
    reference="torch.split",
    aliases=("cut", "divide", "slice", "unbind"),
):
    """Cuts an axis into pieces of given sizes, with an output for each."""

    sizes: tuple[int, ...] = field((4, 2), "How long each piece is; together they are the axis.", minimum=1)
    axis: int = field(1, "Which axis is cut; 1 is the first after the batch, -1 the last.", minimum=-9, maximum=8)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= len(self.sizes) <= len(NAMES):
            raise SpecError("sizes", f"1 to {len(NAMES)} whole numbers", f"{len(self.sizes)}")

    @property
    def output_ports(self) -> tuple[Port, ...]:
        return tuple(Port(name) for name in NAMES[: len(self.sizes)])

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_row_axis(types[0], self.axis))
        yield from wrong
        if not wrong and size(types[0], self.axis) != sum(self.sizes):
            yield Complaint(
                f"an axis of {' + '.join(map(str, self.sizes))} = {sum(self.sizes)}",
                f"{size(types[0], self.axis)} at axis {self.axis} of {types[0].text}",
                "Use sizes that add up to it.",
            )

    def apply(self, module: Any, *tensors: Any) -> Any:
        pieces = tensors[0].split(self.sizes, dim=self.axis)
        found = tuple(pieces[number] for number in range(len(self.sizes)))
        return found if len(found) > 1 else found[0]

    def summary(self, *shapes: Shape) -> str:
        return " + ".join(map(str, self.sizes))
