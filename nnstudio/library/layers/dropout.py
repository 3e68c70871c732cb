"""Dropout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float


class Dropout(
    Layer,
    category="Regularisation",
    formula="y = x m / (1 − p), m = 0 with probability p",
    torch_class=nn.Dropout,
    reference="torch.nn.Dropout",
    aliases=("regularization", "noise"),
):
    """Sets random inputs to zero while training, so that no unit is relied on alone."""

    p: float = field(0.5, "The probability that an input is set to zero.", minimum=0, maximum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"p": self.p}

    def summary(self, *shapes: Shape) -> str:
        return f"p = {self.p:g}"
