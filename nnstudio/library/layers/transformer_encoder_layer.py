"""TransformerEncoderLayer."""

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


class TransformerEncoderLayer(
    TransformerPart,
    torch_class=nn.TransformerEncoderLayer,
    reference="torch.nn.TransformerEncoderLayer",
    aliases=(
        "self-attention",
        "encoder block",
        "bert",
    ),
    inputs=(
        Port("src", "A sequence [B, T, D]."),
        Port("src_mask", ALLOWED, optional=True),
        Port("src_key_padding_mask", PADDING, optional=True),
    ),
    example=(TensorType((5, 16)), None, None),
):
    """Lets each place of a sequence look at all others, then thinks about each by itself."""

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        sequence, mask, padding = types
        assert sequence is not None
        yield from self.check_sequence(sequence, mask, padding, ("src", "src_mask", "src_key_padding_mask"))

    def arguments(self, *shapes: Shape | None) -> Mapping[str, Any]:
        assert shapes[0] is not None
        return self.own(shapes[0][-1])

    def apply(self, module: Any, *tensors: Any) -> Any:
        sequence, mask, padding = tensors
        if self.causal:
            mask = _attention.causal(sequence, self.batch_first)
        return module(sequence, **_attention.masks(src_mask=mask, src_key_padding_mask=padding))

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return cls(**settings_of(module))

    def summary(self, *shapes: Shape) -> str:
        return f"{self.nhead} heads, {self.dim_feedforward}"
