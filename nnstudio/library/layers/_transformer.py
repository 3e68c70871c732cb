"""What the transformer layers have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from torch import nn
from torch.nn import functional

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._attention import needs_alike, needs_heads, needs_mask, needs_padding, needs_vectors

_ACTIVATIONS = {"relu": functional.relu, "gelu": functional.gelu}


class TransformerPart(Layer, abstract=True):
    """Attention, then a small network for each place by itself; a way around each of them, and a norm."""

    category: ClassVar[str] = "Attention"
    anywhere: ClassVar[bool] = True
    formula: ClassVar[str] = "x = norm(x + attention(x)), y = norm(x + linear₂(f(linear₁(x))))"

    nhead: int = field(4, "In how many ways it looks; they share the numbers of a vector.", minimum=1)
    dim_feedforward: int = field(2048, "How many numbers the small network has in its middle.", minimum=1)
    dropout: float = field(0.1, "The probability that a number is set to zero while training.", minimum=0, maximum=1)
    activation: str = field("relu", "The function in the middle.", choices=("relu", "gelu"))
    layer_norm_eps: float = field(1e-5, "Keeps the division of the norms away from zero.", minimum=0)
    batch_first: bool = field(True, "Whether the batch is the first axis [B, T, D], or the second [T, B, D].")
    norm_first: bool = field(False, "Whether the norm comes before attention and network, which trains more calmly.")
    bias: bool = field(True, "Whether linear layers and norms add a number of their own.")
    causal: bool = field(False, "Whether a place sees only itself and what comes before it.")

    def own(self, size: int) -> dict[str, Any]:
        """The arguments of torch's layer for vectors of this size."""
        names = ("nhead", "dim_feedforward", "dropout", "activation", "layer_norm_eps", "batch_first", "norm_first")
        return {"d_model": size, **{name: getattr(self, name) for name in names}, "bias": self.bias}

    def written(self, size: int) -> str:
        """These arguments in Python."""
        return ", ".join([f"{value!r}" if name in ("d_model", "nhead") else f"{name}={value!r}".replace("'", '"')
                          for name, value in self.own(size).items()])  # fmt: skip

    def output_type(self, *types: TensorType | None) -> TensorType:
        found = types[0]
        assert found is not None
        return found

    def check_sequence(
        self, kind: TensorType, mask: TensorType | None, padding: TensorType | None, names: tuple[str, str, str]
    ) -> Iterable[Complaint]:
        """The sequence that looks at itself, and its masks."""
        wrong = list(needs_vectors(kind, self.batch_first, names[0]))
        wrong = wrong or list(needs_heads(kind.shape[1], self.nhead, "nhead"))
        yield from wrong
        if wrong:
            return
        yield from needs_mask(mask, kind.shape[0], kind.shape[0], self.nhead * kind.rows, names[1])
        yield from needs_padding(padding, kind, names[2])
        yield from needs_alike(mask, padding, self.causal, names[2])
        if self.causal and mask is not None:
            fix = "Switch causal off, or take the wire away."
            yield Complaint("a mask or causal, not both", mask.text, fix, port=names[1])

    def check_memory(
        self, kind: TensorType, memory: TensorType, mask: TensorType | None, padding: TensorType | None
    ) -> Iterable[Complaint]:
        """What an encoder made of another sequence."""
        wrong = list(needs_vectors(memory, self.batch_first, "memory", "S"))
        if not wrong and (memory.shape[1] != kind.shape[1] or memory.rows != kind.rows):
            fix = "Add a Linear before it."
            wrong = [Complaint(f"a memory of vectors of {kind.shape[1]} numbers", memory.text, fix, port="memory")]
        yield from wrong
        if not wrong:
            yield from needs_mask(mask, kind.shape[0], memory.shape[0], self.nhead * kind.rows, "memory_mask")
            yield from needs_padding(padding, memory, "memory_key_padding_mask")
            yield from needs_alike(mask, padding, False, "memory_key_padding_mask")


def settings_of(layer: Any) -> dict[str, Any]:
    """The settings of an encoder or decoder layer of torch.

    Raises:
        ValueError: its activation is neither ReLU nor GELU.
    """
    names = [name for name, made in _ACTIVATIONS.items() if layer.activation is made]
    if not names:
        raise ValueError(f"its activation {layer.activation!r} is neither relu nor gelu")
    return {
        "nhead": layer.self_attn.num_heads,
        "dim_feedforward": layer.linear1.out_features,
        "dropout": layer.dropout.p,
        "activation": names[0],
        "layer_norm_eps": layer.norm1.eps,
        "batch_first": layer.self_attn.batch_first,
        "norm_first": layer.norm_first,
        "bias": layer.linear1.bias is not None,
    }


def settings_of_stack(module: Any) -> dict[str, Any]:
    """The settings of an encoder or decoder: of its layers, which must be alike, and of its last norm.

    Raises:
        ValueError: the layers differ, or the norm is none of torch's usual.
    """
    every = [settings_of(layer) for layer in module.layers]
    if any(one != every[0] for one in every):
        raise ValueError("its layers differ from each other")
    norm = module.norm
    if norm is not None and (type(norm) is not nn.LayerNorm or norm.eps != every[0]["layer_norm_eps"]):
        raise ValueError(f"its last norm is {norm!r}")
    if norm is not None and (norm.bias is None) != (not every[0]["bias"]):
        raise ValueError(f"its last norm is {norm!r}")
    return {**every[0], "num_layers": len(every), "norm": norm is not None}


def last_norm(layer: Any, size: int) -> Mapping[str, Any]:
    """The arguments of the norm behind all layers."""
    return {"normalized_shape": size, "eps": layer.layer_norm_eps, "bias": layer.bias}
