"""Norm."""

from __future__ import annotations

from typing import Any

from nnstudio.core.spec import field
from nnstudio.library.layers._axes import whole
from nnstudio.library.layers._reduction import Reduction


class Norm(
    Reduction,
    formula="y = (Σ |x|ᵖ)^(1/p)",
    reference="torch.linalg.vector_norm",
    aliases=("length", "magnitude", "euclidean", "l1", "l2"),
):
    """Takes the length of the vectors along axes."""

    whole_numbers = False

    p: float = field(2.0, "The power p: 2 is the usual length, 1 the sum of sizes.", minimum=0, above_minimum=True)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].norm(p=whole(self.p), **self.along)
