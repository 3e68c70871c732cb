"""The bilinear layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float


class Bilinear(
    Layer,
    category="Dense",
    formula="y = x₁ᵀ A x₂ + b",
    torch_class=nn.Bilinear,
    reference="torch.nn.Bilinear",
    aliases=("interaction", "second order"),
    inputs=(Port("a", "The first factor."), Port("b", "The second factor.")),
    example=(TensorType((6,)), TensorType((5,))),
):
    """Every output is a weighted sum of all products of one input with the other."""

    out_features: int = field(8, "How many numbers come out.", minimum=1)
    bias: bool = field(True, "Whether a number of its own is added to each output.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        for kind in types:
            yield from needs_float(kind)
        first, second = types
        if not first.shape or not second.shape or first.shape[:-1] != second.shape[:-1]:
            yield Complaint(
                "two inputs alike in all but the last axis",
                f"a {first.text} and b {second.text}",
                "Add a Reshape to one of them.",
            )
        elif len(first.shape) > 1:
            yield Complaint(
                "rows of features [B, features]",
                f"a {first.text} and b {second.text}, so it acts on the last axis alone",
                "Add a Flatten before it, if that is not meant.",
                severity="warning",
            )

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {
            "in1_features": shapes[0][-1],
            "in2_features": shapes[1][-1],
            "out_features": self.out_features,
            "bias": self.bias,
        }

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][-1]}, {shapes[1][-1]} → {self.out_features}"
