"""ScaledDotProductAttention."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import broadcast, keeps_rows_apart, sizes
from nnstudio.library.layers._joining import named
from nnstudio.library.layers._operation import Operation
from nnstudio.library.layers._reduction import needs_fractions

_NAMES = ("query", "key", "value", "mask")


class AttentionWithDropout(nn.Module):
    """Scaled dot-product attention that leaves out random weights while it is trained."""

    def __init__(
        self, dropout: float, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.is_causal, self.scale, self.enable_gqa = is_causal, scale, enable_gqa

    def forward(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        dropout = self.dropout if self.training else 0.0
        return nn.functional.scaled_dot_product_attention(
            query, key, value, mask, dropout, self.is_causal, scale=self.scale, enable_gqa=self.enable_gqa
        )


class ScaledDotProductAttention(
    Operation,
    category="Attention",
    formula="y = softmax(q kᵀ / √d) v",
    own_source=(AttentionWithDropout,),
    reference="torch.nn.functional.scaled_dot_product_attention",
    aliases=("attention", "sdpa", "self-attention", "cross-attention", "flash attention", "heads", "grouped query"),
    inputs=(
        Port("query", "What is asked [..., T, d]."),
        Port("key", "What it is compared with [..., S, d]."),
        Port("value", "What is taken from there [..., S, e]."),
        Port("mask", "True where a place may look, or a number that is added to the score.", optional=True),
    ),
    example=(TensorType((2, 5, 4)), TensorType((2, 5, 4)), TensorType((2, 5, 4)), None),
):
    """Takes for each place a weighted mean of all values, weighted by how well its query fits their keys."""

    causal: bool = field(False, "Whether a place sees only itself and what comes before it.")
    scale: float | None = field(
        None, "What scores are multiplied by; 1 / √d unless it is set.", minimum=0, above_minimum=True
    )
    dropout: float = field(0.0, "The probability that a weight is set to zero while training.", minimum=0, maximum=1)
    enable_gqa: bool = field(False, "Whether several query heads share one head of keys and values.")

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        query, key, value, mask = types
        assert query is not None and key is not None and value is not None
        given = (query, key, value)
        every = named(given, _NAMES)
        wrong = [complaint for kind in given for complaint in needs_fractions(kind)][:1]
        yield from wrong
        if wrong:
            return
        if any(kind.axes < 2 or (kind.rows and kind.axis > kind.axes - 3) for kind in given):
            fix = "Add a Reshape and a Permute before it."
            yield Complaint("[B, ..., T, d] at each input", every, fix)
            return
        q, k, v = map(sizes, given)
        if q[-1] != k[-1] or k[-2] != v[-2]:
            fix = "Make the last axis of query and key, and the one before it of key and value, equal."
            yield Complaint("queries as long as keys, and as many keys as values", every, fix)
            return
        wrong = list(self._check_heads(q, k, v, every))
        yield from wrong
        if wrong:
            return
        if mask is not None:
            yield from self._check_mask(query, key, mask, every)
        elif self.causal and q[-2] != k[-2]:
            fix = "Wire a mask instead, unless the first query is to see the first key alone."
            yield Complaint("as many queries as keys for causal", every, fix, severity="warning")

    def _check_heads(self, q: Any, k: Any, v: Any, every: str) -> Iterable[Complaint]:
        """The axes before the last two."""
        if self.enable_gqa:
            if min(map(len, (q, k, v))) < 3 or k[-3] != v[-3] or isinstance(q[-3], str) or q[-3] % k[-3]:
                fix = "Make the query heads a multiple of the others, or switch enable_gqa off."
                yield Complaint("a multiple of the heads of key and value as query heads", every, fix)
                return
            k, v = ((*shape[:-3], q[-3], *shape[-2:]) for shape in (k, v))
        before = broadcast(q[:-2], k[:-2], v[:-2])
        if before is None or not keeps_rows_apart(before):
            fix = "Make them equal, the batch as the first axis."
            yield Complaint("inputs alike in the axes before the last two", every, fix)

    def _check_mask(self, query: TensorType, key: TensorType, mask: TensorType, every: str) -> Iterable[Complaint]:
        got = f"mask {mask.text}, {every}"
        scores = (*sizes(query)[:-1], sizes(key)[-2])
        if self.causal:
            yield Complaint("a mask or causal, not both", got, "Switch causal off.", port="mask")
        elif mask.dtype == "int64":
            yield Complaint("a mask that is true or false, or numbers that are added", got, "Add a Cast.", port="mask")
        elif broadcast(sizes(mask), scores) != scores:
            shown = "[" + ", ".join(map(str, scores)) + "]"
            yield Complaint(
                f"a mask that can be repeated to {shown}", got, "Add an Unsqueeze to the mask.", port="mask"
            )

    def build(self, *shapes: Shape) -> Any:
        return AttentionWithDropout(self.dropout, **self._settings) if self.dropout else None

    def source(self, *shapes: Shape) -> str:
        """The Python expression of what `build` makes."""
        settings = "".join(f", {name}={value!r}" for name, value in self._settings.items())
        return f"AttentionWithDropout({self.dropout!r}{settings})" if self.dropout else ""

    @property
    def _settings(self) -> dict[str, Any]:
        """What differs from torch's defaults."""
        found = {"is_causal": self.causal, "scale": self.scale, "enable_gqa": self.enable_gqa}
        return {name: value for name, value in found.items() if value}

    def apply(self, module: Any, *tensors: Any) -> Any:
        query, key, value, mask = tensors
        if self.dropout:
            return module(query, key, value) if mask is None else module(query, key, value, mask)
        more = {} if mask is None else {"attn_mask": mask}
        return nn.functional.scaled_dot_product_attention(query, key, value, **more, **self._settings)

    def summary(self, *shapes: Shape) -> str:
        words = [word for word in ("causal", "enable_gqa") if getattr(self, word)]
        return ", ".join(words).replace("enable_gqa", "grouped") or "softmax(q kᵀ / √d) v"
