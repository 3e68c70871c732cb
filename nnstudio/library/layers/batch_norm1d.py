"""BatchNorm1d."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float


class BatchNorm1d(
    Layer,
    category="Normalisation",
    formula="y = γ (x − mean) / √(variance + ε) + β",
    torch_class=nn.BatchNorm1d,
    reference="torch.nn.BatchNorm1d",
    aliases=("batch normalization", "bn"),
):
    """Brings each feature of the batch to mean 0 and deviation 1, then scales and shifts it as it learns to."""

    eps: float = field(1e-5, "Keeps the division away from zero.", minimum=0, above_minimum=True, logarithmic=True)
    momentum: float = field(0.1, "How quickly the running mean follows the batches.", minimum=0, maximum=1)
    affine: bool = field(True, "Whether it learns a scale and a shift.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])
        if len(types[0].shape) not in (1, 2):
            yield Complaint("[B, features] or [B, C, L]", types[0].text, "Use BatchNorm2d for images.")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"num_features": shapes[0][0], "eps": self.eps, "momentum": self.momentum, "affine": self.affine}

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]} features"
