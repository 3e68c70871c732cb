"""LearnedPositions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._sequences import needs_sequence
from nnstudio.library.layers._tensors import Holding, drawn, drawn_source


class LearnedPositions(
    Holding,
    category="Attention",
    formula="y[t] = x[t] + W[t]",
    aliases=("position embedding", "positional encoding", "wpe", "vision transformer", "gpt", "bert"),
    example=(TensorType((5, 4)),),
):
    """Adds to each vector of a sequence a learned vector that says at which place it is."""

    max_length: int | None = field(
        None, "The longest sequence that it takes; it follows from the input unless it is set.", minimum=1
    )
    std: float = field(0.02, "The standard deviation of the vectors before training.", minimum=0)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_sequence(types[0], self.max_length)

    def build(self, *shapes: Shape) -> Any:
        return nn.Parameter(drawn(*self._drawn(shapes[0])))

    def source(self, *shapes: Shape) -> str:
        return f"nn.Parameter({drawn_source(*self._drawn(shapes[0]))})"

    def _drawn(self, shape: Shape) -> tuple[Shape, str, float]:
        return (1, self.max_length or shape[0], shape[1]), "normal" if self.std else "zeros", self.std

    def apply(self, module: Any, *tensors: Any) -> Any:
        x = tensors[0]
        return x + module if self.max_length is None else x + module[:, : x.shape[1]]

    def summary(self, *shapes: Shape) -> str:
        return f"{self.max_length or shapes[0][0]} × {shapes[0][-1]}"
