"""What compares two vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._axes import is_batch, needs_row_axis, place
from nnstudio.library.layers._checks import needs_float
from nnstudio.library.layers._joining import named, needs_broadcast


class Comparison(Layer, abstract=True):
    """One number for each pair of vectors; as with Add, an axis of size 1 meets each entry of the other's."""

    category: ClassVar[str] = "Combine"
    anywhere: ClassVar[bool] = True
    inputs: ClassVar[tuple[Port, ...]] = (Port("a", "The first vectors."), Port("b", "The second vectors."))
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((6,)), TensorType((6,)))

    @property
    def along(self) -> int:
        """The axis of the vectors."""
        return -1

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [complaint for kind in types for complaint in needs_float(kind)] or list(needs_broadcast(types))
        yield from wrong
        if any(complaint.severity == "error" for complaint in wrong):
            return
        # torch counts the axes of what both become together, which has as many as the input with the most.
        shorter, longer = sorted(types, key=lambda kind: (kind.axes, kind.rows))
        missing = list(needs_row_axis(longer, self.along))
        yield from missing
        found = place(self.along, longer.axes)
        if not missing and found is not None and is_batch(shorter, found - longer.axes):
            got = f"axis {self.along} on {named(types)}"
            yield Complaint("an axis of the row, not the batch", got, "Use -1, the last axis.")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}
