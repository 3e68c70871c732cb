"""MultiheadAttention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers import _attention
from nnstudio.library.layers._attention import (
    ALLOWED,
    PADDING,
    needs_alike,
    needs_heads,
    needs_mask,
    needs_padding,
    needs_vectors,
)

_OUTPUT = Port("output", "What each query found [B, T, D].")
_WEIGHTS = Port("weights", "How much each place looked at each other one [B, T, S].")


class MultiheadAttention(
    Layer,
    category="Attention",
    formula="y = W [head₁, …, headₙ], headᵢ = softmax(qᵢ kᵢᵀ / √d) vᵢ",
    torch_class=nn.MultiheadAttention,
    reference="torch.nn.MultiheadAttention",
    aliases=("attention", "self-attention", "cross-attention", "mha", "heads"),
    inputs=(
        Port("query", "What asks [B, T, D]."),
        Port("key", "What it is compared with [B, S, E]; the query itself without a wire.", optional=True),
        Port("value", "What is taken from there [B, S, E]; the key without a wire.", optional=True),
        Port("key_padding_mask", PADDING, optional=True),
        Port("attn_mask", ALLOWED, optional=True),
    ),
    example=(TensorType((5, 16)), None, None, None, None),
):
    """Lets each place of a sequence look at others, in several ways at once, and takes from there what fits."""

    anywhere: ClassVar[bool] = True

    num_heads: int = field(4, "In how many ways it looks; they share the numbers of a vector.", minimum=1)
    causal: bool = field(False, "Whether a place sees only itself and what comes before it.")
    dropout: float = field(0.0, "The probability that a weight is set to zero while training.", minimum=0, maximum=1)
    bias: bool = field(True, "Whether a number of its own is added to each query, key, value and output.")
    add_bias_kv: bool = field(False, "Whether a learned key and value are added behind the others.")
    add_zero_attn: bool = field(
        False, "Whether a key and value of zeros are added, so that looking nowhere is possible."
    )
    batch_first: bool = field(True, "Whether the batch is the first axis [B, T, D], or the second [T, B, D].")
    need_weights: bool = field(False, "Whether the weights are an output too; it is slower with them.")
    average_attn_weights: bool = field(True, "Whether the weights are the mean over all heads.")

    @property
    def output_ports(self) -> tuple[Port, ...]:
        return (_OUTPUT, _WEIGHTS) if self.need_weights else (_OUTPUT,)

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        query, key, value, padding, mask = types
        assert query is not None
        key = key or query
        value = value or key
        wrong = [
            complaint
            for kind, port, letter in ((query, "query", "T"), (key, "key", "S"), (value, "value", "S"))
            for complaint in needs_vectors(kind, self.batch_first, port, letter)
        ][:1]
        wrong = wrong or list(needs_heads(query.shape[1], self.num_heads, "num_heads"))
        if not wrong and (key.shape[0] != value.shape[0] or len({query.rows, key.rows, value.rows}) > 1):
            every = f"query {query.text}, key {key.text} and value {value.text}"
            wrong = [Complaint("as many values as keys, of as many rows as queries", every, "Wire others.")]
        yield from wrong
        if wrong:
            return
        yield from needs_padding(padding, key, "key_padding_mask")
        yield from needs_alike(mask, padding, self.causal, "key_padding_mask")
        yield from needs_mask(mask, query.shape[0], key.shape[0], self.num_heads * query.rows, "attn_mask")
        if self.causal and mask is not None:
            fix = "Switch causal off, or take the wire away."
            yield Complaint("a mask or causal, not both", mask.text, fix, port="attn_mask")
        elif self.causal and query.shape[0] != key.shape[0]:
            got = f"{query.shape[0]} queries and {key.shape[0]} keys"
            yield Complaint("as many keys as queries for causal", got, "Wire a mask, or switch causal off.")

    def arguments(self, *shapes: Shape | None) -> Mapping[str, Any]:
        query, key, value = shapes[0], shapes[1] or shapes[0], shapes[2] or shapes[1] or shapes[0]
        assert query is not None and key is not None and value is not None
        names = ("num_heads", "dropout", "bias", "add_bias_kv", "add_zero_attn")
        found = {"embed_dim": query[-1], **{name: getattr(self, name) for name in names}}
        if key[-1] != query[-1] or value[-1] != query[-1]:
            found |= {"kdim": key[-1], "vdim": value[-1]}
        return {**found, "batch_first": self.batch_first}

    def output_type(self, *types: TensorType | None) -> tuple[TensorType, ...]:
        query, key = types[0], types[1] or types[0]
        assert query is not None and key is not None
        if not self.need_weights:
            return (query,)
        more = self.add_bias_kv + self.add_zero_attn
        heads = () if self.average_attn_weights else (self.num_heads,)
        return query, TensorType((*heads, query.shape[0], key.shape[0] + more), query.dtype, query.rows)

    def apply(self, module: Any, *tensors: Any) -> Any:
        query, key, value, padding, mask = tensors
        key = query if key is None else key
        value = key if value is None else value
        if self.causal:
            mask = _attention.causal(query, self.batch_first)
        more = _attention.masks(key_padding_mask=padding, attn_mask=mask)
        if not self.need_weights:
            return module(query, key, value, need_weights=False, **more)[0]
        if not self.average_attn_weights:
            more["average_attn_weights"] = False
        output, weights = module(query, key, value, **more)
        return output, weights

    @classmethod
    def from_module(cls, module: Any) -> Self:
        """The settings of the module; those of its calls (need_weights, …) are not known to it."""
        return cls(  # type: ignore[call-arg]  # the others have defaults
            num_heads=module.num_heads,
            dropout=module.dropout,
            bias=module.in_proj_bias is not None,
            add_bias_kv=module.bias_k is not None,
            add_zero_attn=module.add_zero_attn,
            batch_first=module.batch_first,
        )

    def summary(self, *shapes: Shape) -> str:
        heads = "1 head" if self.num_heads == 1 else f"{self.num_heads} heads"
        return heads + (", causal" if self.causal else "")
