"""A tensor that is learned."""

from __future__ import annotations

from typing import Any

from torch import nn

from nnstudio.core.kinds import Shape
from nnstudio.core.spec import field
from nnstudio.library.layers._tensors import FILLS, Holding, drawn, drawn_source


class Parameter(
    Holding,
    category="Constants and parameters",
    formula="y = W",
    reference="torch.nn.Parameter",
    aliases=("learnable tensor", "weight", "scale", "gamma", "layer scale", "token", "query", "bias", "table"),
    inputs=(),
    example=(),
):
    """A tensor that is learned, without an input: a scale, a token, a table."""

    anywhere = True

    shape: tuple[int, ...] = field((8,), "The sizes of all axes; there is no batch axis.", minimum=1)
    fill: str = field("zeros", "What it holds before training.", choices=FILLS)
    scale: float = field(
        0.02, "The constant, the standard deviation of normal, or the largest number of uniform.", minimum=0
    )

    def build(self, *shapes: Shape) -> Any:
        return nn.Parameter(drawn(self.shape, self.fill, self.scale))

    def source(self, *shapes: Shape) -> str:
        return f"nn.Parameter({drawn_source(self.shape, self.fill, self.scale)})"

    def apply(self, module: Any, *tensors: Any) -> Any:
        return module

    def summary(self, *shapes: Shape) -> str:
        return "×".join(map(str, self.shape)) or "one number"
