"""PositionalEncoding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._sequences import needs_sequence
from nnstudio.library.layers._tensors import Holding


def sinusoidal_positions(length: int, features: int, base: float = 10000.0) -> torch.Tensor:
    """Sines and cosines of each position, ever slower from feature to feature (Vaswani et al., 2017)."""
    position = torch.arange(length).unsqueeze(1)
    frequency = torch.exp(torch.arange(0, features, 2) * (-math.log(base) / features))
    table = torch.zeros(length, features)
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency[: features // 2])
    return table


class PositionalEncoding(
    Holding,
    category="Attention",
    formula="x + sin(t / base^(2i/D)), cos(t / base^(2i/D))",
    own_source=(sinusoidal_positions,),
    aliases=("positional encoding", "sinusoidal", "position embedding", "sine", "vaswani", "transformer"),
    example=(TensorType((5, 4)),),
):
    """Adds to each vector of a sequence a fixed pattern of waves that says at which place it is."""

    max_length: int = field(1024, "The longest sequence that it takes.", minimum=1, maximum=1_048_576)
    base: float = field(10000.0, "How much slower the last wave is than the first.", minimum=1, above_minimum=True)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_sequence(types[0], self.max_length)

    def build(self, *shapes: Shape) -> Any:
        return sinusoidal_positions(self.max_length, shapes[0][-1], self.base)

    def source(self, *shapes: Shape) -> str:
        base = f", {self.base!r}" if self.base != 10000.0 else ""
        return f"sinusoidal_positions({self.max_length}, {shapes[0][-1]}{base})"

    def apply(self, module: Any, *tensors: Any) -> Any:
        x = tensors[0]
        return x + module[: x.shape[1]]

    def summary(self, *shapes: Shape) -> str:
        return f"sinusoidal, up to {self.max_length}"
