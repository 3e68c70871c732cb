"""Reshape."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._operation import Operation


class Reshape(
    Operation,
    category="Shape",
    formula="the same numbers, other axes",
    reference="torch.reshape",
    aliases=("view", "unflatten", "rearrange", "windows", "heads"),
    example=(TensorType((64,)),),
):
    """Gives each row another shape with the same numbers in the same order."""

    shape: tuple[int, ...] = field((1, 8, 8), "The shape of one row afterwards, such as 1, 8, 8.", minimum=1)
    across_rows: bool = field(
        False,
        "Whether the batch axis may grow or shrink by a factor, so that a row is cut into several, as into windows.",
    )
    batch_axis: int | None = field(
        0, "Which axis the batch is afterwards; none for a tensor without a batch axis.", minimum=0, maximum=8
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.shape and self.batch_axis is not None:
            raise SpecError("shape", "at least one whole number", "an empty list")
        if self.batch_axis is not None and self.batch_axis > len(self.shape):
            raise SpecError("batch_axis", f"a place from 0 to {len(self.shape)}", f"{self.batch_axis}")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wanted = math.prod(self.shape)
        shape = ", ".join(map(str, self.shape))
        if (kind.rows == 0) != (self.batch_axis is None):
            without = f"{kind.text}, which has none" if kind.rows == 0 else kind.text
            needed = "a tensor without a batch axis" if self.batch_axis is None else "a batch axis"
            fix = f"Set the batch axis to {'none' if kind.rows == 0 else kind.axis}."
            yield Complaint(needed, without, fix)
        elif kind.size != wanted and not (self.across_rows and kind.rows):
            yield Complaint(
                f"{wanted} numbers a row for the shape {shape}",
                f"{kind.size} ({kind.text})",
                f"Use a shape whose sizes multiply to {kind.size}.",
            )
        elif kind.rows:
            before, after = kind.shape[: kind.axis], self.shape[: self.batch_axis]
            if math.prod(before) != math.prod(after):
                fix = "Add a Permute before it that puts the batch first."
                yield Complaint("equally many numbers before the batch axis", f"{kind.text} to {shape}", fix)
            elif kind.rows * kind.size % wanted:
                yield Complaint(
                    f"a shape that one row of the batch fills a whole number of times, not {shape}",
                    f"{kind.rows * kind.size} numbers a row ({kind.text})",
                    "Use a shape whose sizes multiply to a divisor of that.",
                )

    def apply(self, module: Any, *tensors: Any) -> Any:
        sizes = list(self.shape)
        if self.batch_axis is not None:
            sizes.insert(self.batch_axis, -1)
        return tensors[0].reshape(*sizes)

    def summary(self, *shapes: Shape) -> str:
        return "to " + "×".join(map(str, self.shape))
