"""TransformerDecoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers import _attention
from nnstudio.library.layers._attention import ALLOWED, PADDING
from nnstudio.library.layers._transformer import TransformerPart, last_norm, settings_of_stack


class TransformerDecoder(
    TransformerPart,
    formula="x = norm(x + attention(x)), x = norm(x + attention(x, memory)), y = norm(x + linear₂(f(linear₁(x))))",
    torch_class=nn.TransformerDecoder,
    reference="torch.nn.TransformerDecoder",
    aliases=(
        "cross-attention",
        "decoder",
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
    """Several TransformerDecoderLayers on each other."""

    num_layers: int = field(2, "How many layers lie on each other.", minimum=1, maximum=1000)
    norm: bool = field(False, "Whether a LayerNorm comes behind all layers.")

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        sequence, memory, mask, memory_mask, padding, memory_padding = types
        assert sequence is not None and memory is not None
        wrong = list(self.check_sequence(sequence, mask, padding, ("tgt", "tgt_mask", "tgt_key_padding_mask")))
        yield from wrong
        if not any(complaint.severity == "error" for complaint in wrong):
            yield from self.check_memory(sequence, memory, memory_mask, memory_padding)

    def arguments(self, *shapes: Shape | None) -> Mapping[str, Any]:
        assert shapes[0] is not None
        size = shapes[0][-1]
        norm = nn.LayerNorm(**last_norm(self, size)) if self.norm else None
        layer = nn.TransformerDecoderLayer(**self.own(size))
        return {"decoder_layer": layer, "num_layers": self.num_layers, "norm": norm}

    def source(self, *shapes: Shape | None) -> str:
        """The Python expression of what `build` makes."""
        assert shapes[0] is not None
        size = shapes[0][-1]
        norm = f", norm=nn.LayerNorm({size}, eps={self.layer_norm_eps!r}, bias={self.bias!r})" if self.norm else ""
        layer = f"nn.TransformerDecoderLayer({self.written(size)})"
        return f"nn.TransformerDecoder({layer}, {self.num_layers}{norm})"

    def apply(self, module: Any, *tensors: Any) -> Any:
        sequence, memory, mask, memory_mask, padding, memory_padding = tensors
        if self.causal:
            mask = _attention.causal(sequence, self.batch_first)
        given = _attention.masks(
            tgt_mask=mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=padding,
            memory_key_padding_mask=memory_padding,
            # Without it torch looks into the mask, which no export can follow.
            tgt_is_causal=None if mask is None else self.causal,
        )
        return module(sequence, memory, **given)

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return cls(**settings_of_stack(module))

    def summary(self, *shapes: Shape) -> str:
        return f"{self.num_layers} × {self.nhead} heads, {self.dim_feedforward}"
