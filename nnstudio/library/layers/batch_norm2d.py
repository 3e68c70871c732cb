"""BatchNorm2d."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_axes, needs_float


class BatchNorm2d(
    Layer,
    category="Normalisation",
    formula="y = γ (x − mean) / √(variance + ε) + β",
    torch_class=nn.BatchNorm2d,
    reference="torch.nn.BatchNorm2d",
    aliases=("batch normalization", "bn"),
):
    """Brings each channel of the batch to mean 0 and deviation 1, then scales and shifts it as it learns to."""

    eps: float = field(1e-5, "Keeps the division away from zero.", minimum=0, above_minimum=True, logarithmic=True)
    momentum: float = field(0.1, "How quickly the running mean follows the batches.", minimum=0, maximum=1)
    affine: bool = field(True, "Whether it learns a scale and a shift.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])
        yield from needs_axes(types[0], "B, C, H, W", "Use BatchNorm1d for rows of features.")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"num_features": shapes[0][0], "eps": self.eps, "momentum": self.momentum, "affine": self.affine}

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]} channels"
