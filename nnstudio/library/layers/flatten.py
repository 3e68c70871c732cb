"""Flatten."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_axis, place
from nnstudio.library.layers._checks import words


class Flatten(
    Layer,
    category="Shape",
    formula="[B, C, H, W] → [B, C H W]",
    torch_class=nn.Flatten,
    reference="torch.nn.Flatten",
    aliases=("vector", "ravel", "line"),
    example=(TensorType((4, 3, 2)),),
):
    """Puts all numbers of a row into one line, as Linear takes them."""

    start_dim: int = field(1, "The first axis that goes into the line; the batch is axis 0.", minimum=-8, maximum=8)
    end_dim: int = field(-1, "The last axis that goes into the line; -1 is the last of all.", minimum=-8, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        if not kind.shape:
            yield Complaint("at least 2 axes [B, features]", f"1 axis {kind.text}", "Leave it out.")
            return
        wrong = list(needs_axis(kind, self.start_dim)) or list(needs_axis(kind, self.end_dim))
        yield from wrong
        if wrong:
            return
        first, last = self._places(len(kind.shape))
        if first > last:
            got = f"the axes from {self.start_dim} to {self.end_dim} of {kind.text}"
            yield Complaint("a first axis that is not behind the last one", got, "Exchange them.")
        elif first <= kind.axis <= last and kind.rows and first < last:
            got = f"the axes from {self.start_dim} to {self.end_dim} of {kind.text}"
            yield Complaint("axes of the row alone (the batch is axis 0)", got, "Begin with axis 1.")

    def _places(self, axes: int) -> tuple[int, int]:
        """The first and the last axis that are put together, counted from the front; `axes` are those of a row."""
        first, last = place(self.start_dim, axes + 1), place(self.end_dim, axes + 1)
        assert first is not None and last is not None
        return first, last

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        if (self.start_dim, self.end_dim) == (1, -1):
            return {}
        return {"start_dim": self.start_dim, "end_dim": self.end_dim}

    def summary(self, *shapes: Shape) -> str:
        shape, (first, last) = shapes[0], self._places(len(shapes[0]))
        joined = (*shape[: first - 1], math.prod(shape[first - 1 : last]), *shape[last:]) if first else shape
        return f"{words(shape)} → {words(joined)}"
