"""Transformer."""

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
from nnstudio.library.layers._transformer import TransformerPart, settings_of_stack


class Transformer(
    TransformerPart,
    formula="y = decoder(tgt, encoder(src))",
    torch_class=nn.Transformer,
    reference="torch.nn.Transformer",
    aliases=("encoder decoder", "translation", "sequence to sequence"),
    inputs=(
        Port("src", "The sequence that is read [B, S, D]."),
        Port("tgt", "The sequence that is written [B, T, D]."),
        Port("src_mask", ALLOWED, optional=True),
        Port("tgt_mask", ALLOWED, optional=True),
        Port("memory_mask", ALLOWED, optional=True),
        Port("src_key_padding_mask", PADDING, optional=True),
        Port("tgt_key_padding_mask", PADDING, optional=True),
        Port("memory_key_padding_mask", PADDING, optional=True),
    ),
    example=(TensorType((7, 16)), TensorType((5, 16)), None, None, None, None, None, None),
):
    """An encoder reads one sequence, and a decoder writes another while it looks at what the encoder made of it."""

    num_encoder_layers: int = field(2, "How many layers the encoder has.", minimum=1, maximum=1000)
    num_decoder_layers: int = field(2, "How many layers the decoder has.", minimum=1, maximum=1000)
    causal: bool = field(False, "Whether a place that is written sees only itself and what was written before it.")

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        read, written, read_mask, mask, memory_mask, read_padding, padding, memory_padding = types
        assert read is not None and written is not None
        own = self.with_(causal=False)  # the encoder sees everything
        wrong = list(own.check_sequence(read, read_mask, read_padding, ("src", "src_mask", "src_key_padding_mask")))
        wrong += self.check_sequence(written, mask, padding, ("tgt", "tgt_mask", "tgt_key_padding_mask"))
        if not wrong and (read.shape[1] != written.shape[1] or read.rows != written.rows):
            got = f"src {read.text} and tgt {written.text}"
            wrong = [Complaint("sequences of vectors of one size", got, "Add a Linear before one of them.")]
        yield from wrong
        if not wrong:
            yield from self.check_memory(written, read, memory_mask, memory_padding)

    def arguments(self, *shapes: Shape | None) -> Mapping[str, Any]:
        assert shapes[0] is not None
        layers = {"num_encoder_layers": self.num_encoder_layers, "num_decoder_layers": self.num_decoder_layers}
        return {**self.own(shapes[0][-1]), **layers}

    def output_type(self, *types: TensorType | None) -> TensorType:
        written = types[1]
        assert written is not None
        return written

    def apply(self, module: Any, *tensors: Any) -> Any:
        read, written, *rest = tensors
        names = [port.name for port in self.inputs[2:]]
        given: dict[str, Any] = dict(zip(names, rest, strict=True))
        if self.causal:
            given["tgt_mask"] = _attention.causal(written, self.batch_first)
        if given["src_mask"] is not None:  # otherwise torch looks into the mask, which no export can follow
            given["src_is_causal"] = False
        if given["tgt_mask"] is not None:
            given["tgt_is_causal"] = self.causal
        return module(read, written, **_attention.masks(**given))

    @classmethod
    def from_module(cls, module: Any) -> Self:
        encoder, decoder = settings_of_stack(module.encoder), settings_of_stack(module.decoder)
        counts = {"num_encoder_layers": encoder.pop("num_layers"), "num_decoder_layers": decoder.pop("num_layers")}
        if encoder != decoder or not encoder.pop("norm"):
            raise ValueError("its encoder and its decoder differ")
        return cls(**encoder, **counts)

    def summary(self, *shapes: Shape) -> str:
        return f"{self.num_encoder_layers} + {self.num_decoder_layers} layers, {self.nhead} heads"
