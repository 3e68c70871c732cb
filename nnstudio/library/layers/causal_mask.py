"""CausalMask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis
from nnstudio.library.layers._masks import FORMS, causal_mask, causal_mask_source
from nnstudio.library.layers._tensors import Holding


class CausalMask(
    Holding,
    category="Attention",
    formula="mask[i, j] = j ≤ i",
    reference="torch.tril",
    aliases=("mask", "triangular", "look ahead", "autoregressive", "subsequent mask", "tril"),
    inputs=(Port("like", "A tensor that is as long as the mask is to be.", optional=True),),
    example=(TensorType((5, 4)),),
):
    """Hides from each place what comes after it."""

    anywhere = True

    form: str = field(
        "allowed",
        "True where a place may look (for ScaledDotProductAttention), true where it may not (for MultiheadAttention), "
        "or 0 and −inf to be added to scores.",
        choices=FORMS,
    )
    length: int | None = field(None, "How long it is; it follows from like unless it is set.", minimum=1)
    axis: int = field(-2, "Which axis of like is counted; -2 in [B, T, D] and [B, heads, T, D].", minimum=-9, maximum=8)

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        (like,) = types
        if like is None and self.length is None:
            yield Complaint("a length", "none", "Set a length, or wire like.", port="like")
        elif like is not None and self.length is None:
            yield from needs_row_axis(like, self.axis)

    def build(self, *shapes: Shape) -> Any:
        return None if self.length is None else causal_mask(self.length, self.length, self.form)

    def source(self, *shapes: Shape) -> str:
        return "" if self.length is None else causal_mask_source(self.length, self.length, self.form)

    def apply(self, module: Any, *tensors: Any) -> Any:
        if self.length is not None:
            return module
        like = tensors[0]
        size = (like.shape[self.axis], like.shape[self.axis])
        if self.form == "minus infinity":
            return like.new_full(size, float("-inf"), dtype=torch.float32).triu(1)
        ones = like.new_ones(size, dtype=torch.bool)
        return ones.tril() if self.form == "allowed" else ones.triu(1)

    def summary(self, *shapes: Shape) -> str:
        return self.form if self.length is None else f"{self.form}, {self.length}×{self.length}"
