"""Slice."""

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


class Slice(
    Operation,
    category="Shape",
    formula="y = x[:, start:stop:step]",
    reference="torch.narrow",
    aliases=("crop", "cut", "narrow", "index", "every second"),
):
    """Keeps the entries from one place to another along an axis."""

    axis: int = field(1, "Along which axis; 1 is the first after the batch, -1 the last.", minimum=-9, maximum=8)
    start: int = field(0, "The first entry that is kept; negative counts from the end.")
    stop: int | None = field(None, "The first entry that is not kept; none keeps all to the end.")
    step: int = field(1, "Keeps every so manieth.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_row_axis(kind, self.axis))
        yield from wrong
        if wrong:
            return
        whole = size(kind, self.axis)
        written = f"{self.start}:{'' if self.stop is None else self.stop}"
        place = f"axis {self.axis} of {kind.text}"
        if not range(whole)[self.start : self.stop : self.step]:
            yield Complaint(
                f"a slice of {place} that keeps something", written, f"It has the entries 0 to {whole - 1}."
            )
        elif not -whole <= self.start < whole or not -whole <= (self.stop or 0) <= whole:
            fix = "Use places inside the axis, if that is not meant."
            yield Complaint(f"places inside {place}", f"{written}, which is cut to it", fix, severity="warning")

    def apply(self, module: Any, *tensors: Any) -> Any:
        step = None if self.step == 1 else self.step
        return tensors[0][at(self.axis, slice(self.start or None, self.stop, step))]

    def summary(self, *shapes: Shape) -> str:
        stop = "" if self.stop is None else f"{self.stop}"
        return f"{self.start or ''}:{stop}" + (f":{self.step}" if self.step != 1 else "")
