"""LayerNorm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float


class LayerNorm(
    Layer,
    category="Normalisation",
    formula="y = γ (x − mean) / √(variance + ε) + β",
    torch_class=nn.LayerNorm,
    reference="torch.nn.LayerNorm",
    aliases=("layer normalization", "ln"),
):
    """Brings the last axis of each row to mean 0 and deviation 1, then scales and shifts it as it learns to."""

    eps: float = field(1e-5, "Keeps the division away from zero.", minimum=0, above_minimum=True, logarithmic=True)
    elementwise_affine: bool = field(True, "Whether it learns a scale and a shift.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])
        if not types[0].shape:
            yield Complaint("2 axes [B, features]", f"1 axis {types[0].text}", "Add a Reshape before it.")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {
            "normalized_shape": shapes[0][-1],
            "eps": self.eps,
            "elementwise_affine": self.elementwise_affine,
        }

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][-1]} features"
