"""TransformerDecoderLayer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.layers import _attention
from nnstudio.library.layers._attention import ALLOWED, PADDING
from nnstudio.library.layers._transformer import TransformerPart, settings_of


class TransformerDecoderLayer(
    TransformerPart,
    formula="x = norm(x + attention(x)), x = norm(x + attention(x, memory)), y = norm(x + linear₂(f(linear₁(x))))",
    torch_class=nn.TransformerDecoderLayer,
    reference="torch.nn.TransformerDecoderLayer",
    aliases=(
        "cross-attention",
        "decoder block",
    ),
    inputs=(
        Port("tgt", "The sequence that is written [B, T, D]."),
        Port("memory", "What an encoder made of another sequence [B, S, D]."),
        Port("tgt_mask", ALLOWED, optional=True),
        Port("memory_mask", ALLOWED, optional=True),
        Port("tgt_key_padding_mask", PADDING, optional=True),
        Port("memory_key_padding_mask", PADDING, optional=True),
    ),
    example=(TensorType((5, 16)), TensorType((7, 16)), None, None, None, None),
):
    """Looks at what was written so far, then at the memory of an encoder, then thinks about each place by itself."""

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        sequence, memory, mask, memory_mask, padding, memory_padding = types
        assert sequence is not None and memory is not None
        wrong = list(self.check_sequence(sequence, mask, padding, ("tgt", "tgt_mask", "tgt_key_padding_mask")))
        yield from wrong
        if not any(complaint.severity == "error" for complaint in wrong):
            yield from self.check_memory(sequence, memory, memory_mask, memory_padding)

    def arguments(self, *shapes: Shape | None) -> Mapping[str, Any]:
        assert shapes[0] is not None
        return self.own(shapes[0][-1])

    def apply(self, module: Any, *tensors: Any) -> Any:
        sequence, memory, mask, memory_mask, padding, memory_padding = tensors
        if self.causal:
            mask = _attention.causal(sequence, self.batch_first)
        given = _attention.masks(
            tgt_mask=mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=padding,
            memory_key_padding_mask=memory_padding,
        )
        return module(sequence, memory, **given)

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return cls(**settings_of(module))

    def summary(self, *shapes: Shape) -> str:
        return f"{self.nhead} heads, {self.dim_feedforward}"
