"""Roll."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import needs_row_axis
from nnstudio.library.layers._operation import Operation


class Roll(
    Operation,
    category="Shape",
    formula="a b c d → d a b c",
    reference="torch.roll",
    aliases=("shift", "cyclic shift", "shifted windows"),
):
    """Shifts the entries along axes; what falls off one end comes back at the other."""

    shifts: tuple[int, ...] = field((1,), "How far along each axis; negative shifts towards the start.")
    axes: tuple[int, ...] = field((1,), "Which axes; -1 is the last.", minimum=-9, maximum=8)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.axes or len(self.shifts) != len(self.axes):
            raise SpecError("axes", f"as many axes as shifts ({len(self.shifts)})", f"{len(self.axes)}")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from [complaint for axis in self.axes for complaint in needs_row_axis(types[0], axis)][:1]

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.roll(tensors[0], shifts=self.shifts, dims=self.axes)

    def summary(self, *shapes: Shape) -> str:
        return f"by {', '.join(map(str, self.shifts))}"
