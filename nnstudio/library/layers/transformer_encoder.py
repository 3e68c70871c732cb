"""TransformerEncoder."""

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


class TransformerEncoder(
    TransformerPart,
    torch_class=nn.TransformerEncoder,
    reference="torch.nn.TransformerEncoder",
    aliases=(
        "self-attention",
        "bert",
    ),
    inputs=(
        Port("src", "A sequence [B, T, D]."),
        Port("mask", ALLOWED, optional=True),
        Port("src_key_padding_mask", PADDING, optional=True),
    ),
    example=(TensorType((5, 16)), None, None),
):
    """Several TransformerEncoderLayers on each other."""

    num_layers: int = field(2, "How many layers lie on each other.", minimum=1, maximum=1000)
    norm: bool = field(False, "Whether a LayerNorm comes behind all layers.")
    enable_nested_tensor: bool = field(
        False,
        "Whether an evaluation leaves out what only fills a sequence up, and gives zeros there; training does not.",
    )

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        sequence, mask, padding = types
        assert sequence is not None
        yield from self.check_sequence(sequence, mask, padding, ("src", "mask", "src_key_padding_mask"))
        if self.enable_nested_tensor and (self.norm_first or not self.batch_first or self.nhead % 2):
            needed = "batch_first, norm_first off and an even nhead for enable_nested_tensor"
            got = f"batch_first {_yes(self.batch_first)}, norm_first {_yes(self.norm_first)} and {self.nhead} heads"
            yield Complaint(needed, f"{got}, so that it does nothing", "Switch enable_nested_tensor off.", "note")

    def arguments(self, *shapes: Shape | None) -> Mapping[str, Any]:
        assert shapes[0] is not None
        size = shapes[0][-1]
        norm = nn.LayerNorm(**last_norm(self, size)) if self.norm else None
        layer = nn.TransformerEncoderLayer(**self.own(size))
        found = {"encoder_layer": layer, "num_layers": self.num_layers, "norm": norm}
        return found if self.enable_nested_tensor else {**found, "enable_nested_tensor": False}

    def source(self, *shapes: Shape | None) -> str:
        """The Python expression of what `build` makes."""
        assert shapes[0] is not None
        size = shapes[0][-1]
        norm = f", norm=nn.LayerNorm({size}, eps={self.layer_norm_eps!r}, bias={self.bias!r})" if self.norm else ""
        layer = f"nn.TransformerEncoderLayer({self.written(size)})"
        nested = "" if self.enable_nested_tensor else ", enable_nested_tensor=False"
        return f"nn.TransformerEncoder({layer}, {self.num_layers}{norm}{nested})"

    def apply(self, module: Any, *tensors: Any) -> Any:
        sequence, mask, padding = tensors
        if self.causal:
            mask = _attention.causal(sequence, self.batch_first)
        # Without is_causal torch looks into the mask, which no export can follow.
        hint = None if mask is None else self.causal
        return module(sequence, **_attention.masks(mask=mask, src_key_padding_mask=padding, is_causal=hint))

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return cls(**settings_of_stack(module), enable_nested_tensor=module.enable_nested_tensor)

    def summary(self, *shapes: Shape) -> str:
        return f"{self.num_layers} × {self.nhead} heads, {self.dim_feedforward}"


def _yes(value: bool) -> str:
    return "on" if value else "off"
