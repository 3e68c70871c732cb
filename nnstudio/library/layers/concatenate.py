"""Concatenate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._joining import Joining, named


class Concatenate(
    Joining, category="Combine", formula="y = [a, b]", reference="torch.cat", aliases=("cat", "concat", "merge", "skip")
):
    """Puts its inputs side by side along one axis."""

    axis: int = field(
        1, "Which axis grows: 1 is the first after the batch (features or channels).", minimum=1, maximum=8
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        every = named(types)
        if len({kind.dtype for kind in types}) > 1:
            yield Complaint("inputs of one type", every, "Add an Embedding to the whole numbers.")
        elif len({len(kind.shape) for kind in types}) > 1:
            yield Complaint("inputs with equally many axes", every, "Add a Flatten or a Reshape to one of them.")
        elif self.axis > len(types[0].shape):
            yield Complaint(f"inputs that have an axis {self.axis}", every, "Use axis 1.")
        elif len({kind.shape[: self.axis - 1] + kind.shape[self.axis :] for kind in types}) > 1:
            yield Complaint(f"inputs alike in all axes but axis {self.axis}", every, "Bring them to one size first.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.cat(tensors, dim=self.axis)

    def summary(self, *shapes: Shape) -> str:
        sizes = [shape[self.axis - 1] for shape in shapes]
        return f"{' + '.join(map(str, sizes))} → {sum(sizes)}"
