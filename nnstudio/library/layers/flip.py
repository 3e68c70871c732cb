"""Flip."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import needs_row_axes
from nnstudio.library.layers._operation import Operation


class Flip(Operation, category="Shape", formula="a b c → c b a", reference="torch.flip", aliases=("reverse", "mirror")):
    """Turns the order of the entries along axes round."""

    axes: tuple[int, ...] = field((-1,), "Which axes; -1 is the last.", minimum=-9, maximum=8)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.axes:
            raise SpecError("axes", "at least one axis", "none")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_row_axes(types[0], self.axes)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].flip(*self.axes)

    def summary(self, *shapes: Shape) -> str:
        return f"axes {', '.join(map(str, self.axes))}"
