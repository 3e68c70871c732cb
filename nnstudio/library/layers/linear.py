"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float


class Linear(
    Layer,
    category="Dense",
    formula="y = x Wᵀ + b",
    torch_class=nn.Linear,
    reference="torch.nn.Linear",
    aliases=("dense", "fully connected", "feed forward", "affine", "neurons", "perceptron"),
):
    """Every output is a weighted sum of all inputs plus a bias: a row of neurons."""

    out_features: int = field(8, "How many numbers come out: the number of neurons.", minimum=1)
    bias: bool = field(True, "Whether a number of its own is added to each output.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])
        if not types[0].shape:
            yield Complaint("2 axes [B, features]", f"1 axis {types[0].text}", "Add a Reshape before it.")
        if len(types[0].shape) > 2:
            yield Complaint(
                "rows of features [B, features]",
                f"{types[0].text}, so it acts on the last axis alone",
                "Add a Flatten before it, if that is not meant.",
                severity="warning",
            )

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"in_features": shapes[0][-1], "out_features": self.out_features, "bias": self.bias}

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][-1]} → {self.out_features}"
