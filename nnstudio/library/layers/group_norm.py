"""GroupNorm."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float
from nnstudio.library.layers._norms import Normalisation
from nnstudio.library.layers._windows import needs_divisor


class GroupNorm(
    Normalisation,
    torch_class=nn.GroupNorm,
    reference="torch.nn.GroupNorm",
    aliases=("group normalisation", "group normalization", "normalise", "normalize", "gn"),
    example=(TensorType((4, 3, 2)),),
):
    """Brings groups of channels of each row to mean 0 and deviation 1, whatever else is in the batch."""

    num_groups: int = field(2, "Into how many groups the channels are divided.", minimum=1)
    affine: bool = field(True, "Whether it learns a scale and a shift for each channel.")
    bias: bool = field(True, "Whether it learns the shift too, where it learns a scale.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        yield from needs_float(kind)
        if not kind.shape:
            yield Complaint("at least 2 axes [B, C]", f"1 axis {kind.text}", "Add a Reshape before it.")
            return
        wrong = list(needs_divisor(kind.shape[0], self.num_groups, "num_groups"))
        yield from wrong
        if not wrong and kind.shape[0] // self.num_groups * math.prod(kind.shape[1:]) == 1:
            yield Complaint(
                "at least 2 values in each group",
                f"1 with {self.num_groups} groups in {kind.text}, whose deviation is 0",
                "Use fewer groups.",
            )

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"num_channels": shapes[0][0], **super().arguments(*shapes)}

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]} channels in {self.num_groups}"
