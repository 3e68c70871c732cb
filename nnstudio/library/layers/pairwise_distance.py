"""PairwiseDistance."""

from __future__ import annotations

from typing import Any, Self

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._vectors import Comparison


class PairwiseDistance(
    Comparison,
    formula="(Σ |aᵢ − bᵢ + ε|ᵖ)^(1/p)",
    torch_class=nn.PairwiseDistance,
    reference="torch.nn.PairwiseDistance",
    aliases=("euclidean distance", "l2 distance", "metric"),
):
    """How far two vectors lie apart."""

    p: float = field(2.0, "The power: 2 is the length of a straight line, 1 the sum of all ways.", minimum=0)
    eps: float = field(
        1e-6, "A little ε that is added to each difference, so that the gradient is finite at zero.", minimum=0
    )
    keepdim: bool = field(False, "Whether the axis stays, with size 1.")

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return cls(p=module.norm, eps=module.eps, keepdim=module.keepdim)
