"""Stack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import place, sizes
from nnstudio.library.layers._joining import Joining, named, needs_one_type


class Stack(
    Joining,
    category="Combine",
    formula="[B, 6], [B, 6] → [B, 2, 6]",
    reference="torch.stack",
    aliases=("pile", "new axis", "collect"),
):
    """Lays inputs of one shape on top of each other along a new axis."""

    axis: int = field(1, "Where the new axis is; -1 puts it last.", minimum=-9, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        every = named(types)
        wrong = list(needs_one_type(types))
        yield from wrong
        if wrong:
            return
        axes = types[0].axes + 1
        if len(set(map(sizes, types))) > 1:
            yield Complaint("inputs of one shape", every, "Add a Linear or a Reshape to one of them.")
        elif place(self.axis, axes) is None:
            yield Complaint(f"a place from {-axes} to {axes - 1} for the new axis", f"{self.axis}", "Use -1.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.stack(tensors, dim=self.axis)
