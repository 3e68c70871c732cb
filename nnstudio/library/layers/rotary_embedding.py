"""RotaryEmbedding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._reduction import needs_fractions


class RotaryPositions(nn.Module):
    """Turns pairs of features by an angle that grows with the position (Su et al., 2021)."""

    cos: torch.Tensor
    sin: torch.Tensor

    def __init__(self, features: int, max_length: int, base: float = 10000.0, interleaved: bool = False) -> None:
        super().__init__()
        frequency = 1.0 / (base ** (torch.arange(0, features, 2).float() / features))
        angle = torch.outer(torch.arange(max_length).float(), frequency)
        self.interleaved = interleaved
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        cos, sin = self.cos[: x.shape[-2]], self.sin[: x.shape[-2]]
        if self.interleaved:  # neighbours are a pair
            first, second = x[..., 0::2], x[..., 1::2]
            return torch.stack((first * cos - second * sin, second * cos + first * sin), dim=-1).flatten(-2)
        first, second = x.chunk(2, dim=-1)  # each feature and the one half the features on, as in Llama
        return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class RotaryEmbedding(
    Layer,
    category="Attention",
    formula="(x₁, x₂) → (x₁ cos tω - x₂ sin tω, x₂ cos tω + x₁ sin tω)",
    torch_class=RotaryPositions,
    own_source=(RotaryPositions,),
    aliases=("rope", "rotary position", "llama", "rotate queries and keys", "positional encoding"),
    example=(TensorType((2, 5, 4)),),
):
    """Turns queries or keys [B, heads, T, D] by an angle for each place, so that scores depend on distances."""

    base: float = field(10000.0, "How much slower the last pair turns than the first.", minimum=1, above_minimum=True)
    interleaved: bool = field(
        False, "Whether neighbouring features are a pair; else each and the one half the features on, as in Llama."
    )
    max_length: int | None = field(
        None, "The longest sequence that it takes; it follows from the input unless it is set.", minimum=1
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_fractions(kind))
        if not wrong and len(kind.shape) < 2:
            fix = "Add a Reshape and a Permute before it."
            wrong = [Complaint("[B, heads, T, D]", f"{kind.text}", fix)]
        elif not wrong and kind.shape[-1] % 2:
            wrong = [Complaint("an even number of features", f"{kind.shape[-1]} in {kind.text}", "Use an even size.")]
        elif not wrong and self.max_length is not None and kind.shape[-2] > self.max_length:
            fix = f"Set the length to {kind.shape[-2]} or more."
            wrong = [Complaint(f"a sequence of at most {self.max_length}", f"{kind.shape[-2]} in {kind.text}", fix)]
        yield from wrong

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        length, features = shapes[0][-2:]
        found = {"features": features, "max_length": self.max_length or length}
        return {**found, "base": self.base, "interleaved": self.interleaved}

    def summary(self, *shapes: Shape) -> str:
        return "neighbours" if self.interleaved else "halves"
