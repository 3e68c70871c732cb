"""Operations that make one number of all numbers along some axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import needs_row_axes
from nnstudio.library.layers._checks import needs_float
from nnstudio.library.layers._operation import Operation


class Reduction(Operation, abstract=True):
    """Takes away axes: what was along them becomes one number."""

    category: ClassVar[str] = "Mathematics"
    whole_numbers: ClassVar[bool] = True  # whether int64 is taken too

    axes: tuple[int, ...] = field(
        (-1,), "Which axes go; -1 is the last, 1 the first after the batch.", minimum=-9, maximum=8
    )
    keepdim: bool = field(False, "Whether each of these axes stays with the size 1.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.axes:
            raise SpecError("axes", "at least one axis", "none")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_row_axes(types[0], self.axes))
        yield from wrong
        if not wrong and not self.whole_numbers:
            yield from needs_fractions(types[0])

    @property
    def along(self) -> Mapping[str, Any]:
        """The arguments that say along which axes, as a person writes them."""
        axes = {"dim": self.axes[0] if len(self.axes) == 1 else self.axes}
        return axes | {"keepdim": True} if self.keepdim else axes

    def summary(self, *shapes: Shape) -> str:
        return ("axis " if len(self.axes) == 1 else "axes ") + ", ".join(map(str, self.axes))


def needs_fractions(kind: TensorType) -> Iterable[Complaint]:
    """A mean of whole numbers, or of true and false, is not one of them."""
    yield from needs_float(kind)
    if kind.dtype == "bool":
        yield Complaint("numbers with a fraction (float32)", "true or false (bool)", "Add a Cast before it.")
