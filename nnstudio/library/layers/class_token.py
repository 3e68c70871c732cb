"""ClassToken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._sequences import needs_sequence
from nnstudio.library.layers._tensors import Holding, drawn, drawn_source


class ClassToken(
    Holding,
    category="Attention",
    formula="[B, T, D] → [B, T + 1, D]",
    aliases=("cls", "class embedding", "register tokens", "prompt", "vision transformer"),
    example=(TensorType((5, 4)),),
):
    """Puts a learned vector before a sequence, in which a transformer can gather what the whole says."""

    tokens: int = field(1, "How many vectors are put before it.", minimum=1)
    std: float = field(0.0, "The standard deviation of the vector before training; 0 starts with zeros.", minimum=0)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_sequence(types[0])

    def build(self, *shapes: Shape) -> Any:
        return nn.Parameter(drawn(*self._drawn(shapes[0])))

    def source(self, *shapes: Shape) -> str:
        return f"nn.Parameter({drawn_source(*self._drawn(shapes[0]))})"

    def _drawn(self, shape: Shape) -> tuple[Shape, str, float]:
        return (1, self.tokens, shape[-1]), "normal" if self.std else "zeros", self.std

    def apply(self, module: Any, *tensors: Any) -> Any:
        x = tensors[0]
        return torch.cat((module.expand(x.shape[0], -1, -1), x), dim=1)

    def summary(self, *shapes: Shape) -> str:
        return f"{self.tokens} + {shapes[0][0]}"
