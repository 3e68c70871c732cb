"""What the layers for sequences refuse: all that torch refuses, and what it reads otherwise than it is meant."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.projects import layer
from library.sequences import BOOL, FLOAT, OTHERS, QUIET, STEPS, YES, of, several
from library.windows import refusals
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer

pytestmark = QUIET

SIZES = st.sampled_from([1, 3, 4, 5, 8])
KINDS = st.builds(
    TensorType,
    st.lists(SIZES, max_size=3).map(tuple),
    st.sampled_from([FLOAT, FLOAT, FLOAT, "int64", BOOL]),
    rows=st.sampled_from([0, 1, 1, 1, 2]),
    axis=st.just(0),
)


@st.composite
def near(draw: st.DrawFn, item: Layer, kinds: tuple[TensorType | None, ...]) -> tuple[TensorType | None, ...]:
    """These inputs, of which up to two are others."""
    found = list(kinds)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(found) - 1))
        before = found[place]
        changes = [KINDS]
        if before is not None:
            changes += [
                st.just(TensorType(before.shape, before.dtype, before.rows, 1 - before.axis)),
                st.just(TensorType(before.shape, before.dtype, 2, before.axis)),
                st.just(TensorType((*before.shape[:-1], 3), before.dtype, before.rows, before.axis)),
                st.just(TensorType((3, *before.shape[1:]), before.dtype, before.rows, before.axis)),
                st.just(TensorType(before.shape, BOOL, before.rows, before.axis)),
            ]
        if item.input_ports[place].optional:
            changes.append(st.none())
        changed = draw(st.one_of(changes))
        if changed is None or changed.axis <= len(changed.shape):
            found[place] = changed
    return tuple(found)


def sequence(size: int, length: int, batch_first: bool) -> TensorType:
    return TensorType((length, size), axis=0 if batch_first else 1)


def inputs_of(name: str, settings_: dict[str, Any]) -> tuple[TensorType | None, ...]:
    """Inputs that fit, all ports wired."""
    first = settings_.get("batch_first", True)
    t, s = sequence(8, STEPS, first), sequence(8, OTHERS, first)
    pad_t, pad_s = TensorType((STEPS,), BOOL), TensorType((OTHERS,), BOOL)
    tt, ts, ss = (TensorType(shape, BOOL, 0) for shape in ((STEPS, STEPS), (STEPS, OTHERS), (OTHERS, OTHERS)))
    state = TensorType((2, 5), axis=1)
    return {
        "RNN": (t, state),
        "GRU": (t, state),
        "LSTM": (t, state, state),
        "RNNCell": (TensorType((8,)), TensorType((5,))),
        "GRUCell": (TensorType((8,)), TensorType((5,))),
        "LSTMCell": (TensorType((8,)), TensorType((5,)), TensorType((5,))),
        "MultiheadAttention": (t, s, s, pad_s, ts),
        "TransformerEncoderLayer": (t, tt, pad_t),
        "TransformerEncoder": (t, tt, pad_t),
        "TransformerDecoderLayer": (t, s, tt, ts, pad_t, pad_s),
        "TransformerDecoder": (t, s, tt, ts, pad_t, pad_s),
        "Transformer": (s, t, ss, tt, ts, pad_s, pad_t, pad_s),
        "EmbeddingBag": (TensorType((4,), "int64"), TensorType((4,))),
    }[name]


SETTINGS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "RNN": of(hidden_size=st.just(5), bidirectional=st.just(True), batch_first=YES),
    "GRU": of(hidden_size=st.just(5), num_layers=st.just(2), batch_first=YES),
    "LSTM": of(hidden_size=st.just(5), num_layers=st.just(2), batch_first=YES, proj_size=st.sampled_from([0, 0, 2, 5])),
    "RNNCell": of(hidden_size=st.just(5)),
    "GRUCell": of(hidden_size=st.just(5)),
    "LSTMCell": of(hidden_size=st.just(5)),
    "MultiheadAttention": of(num_heads=st.sampled_from([2, 3]), batch_first=YES, need_weights=YES),
    **{
        name: of(nhead=st.sampled_from([2, 2, 3]), dim_feedforward=st.just(4), batch_first=YES)
        for name in (
            "TransformerEncoderLayer",
            "TransformerEncoder",
            "TransformerDecoderLayer",
            "TransformerDecoder",
            "Transformer",
        )
    },
    "EmbeddingBag": of(mode=st.sampled_from(["sum", "sum", "mean", "max"]), scale_grad_by_freq=YES),
}
ROWS = 11  # no other size is this


def torch_makes(item: Layer, kinds: tuple[TensorType | None, ...]) -> list[tuple[int, ...]]:
    """The sizes of the outputs; none where torch refuses."""
    try:
        module = item.build(*(kind and kind.shape for kind in kinds))
        tensors = [kind and torch.zeros(kind.sizes(ROWS), dtype=getattr(torch, kind.dtype)) for kind in kinds]
        return [tuple(made.shape) for made in several(item.apply(module, *tensors))]
    except Exception:  # whatever torch refuses with
        return []


def silent(item: Layer, kinds: tuple[TensorType | None, ...]) -> bool:
    """Whether torch takes what is no batch for one, or a batch along another axis, or half of a state."""
    if type(item).__name__.startswith("LSTM") and (kinds[1] is None) != (kinds[2] is None):
        return True
    if type(item).__name__ == "LSTMCell" and kinds[2] is not None and kinds[2].dtype != FLOAT:
        return True  # without a graphics card
    where = 0 if getattr(item, "batch_first", True) else 1
    for port, kind in zip(item.input_ports, kinds, strict=True):
        masks = port.name.endswith("mask")
        axis = 1 if port.name in ("h_0", "c_0") else 0 if port.name == "per_sample_weights" else where
        if kind is not None and not masks and (not kind.rows or kind.axis != axis):
            return True
    return False


@pytest.mark.parametrize("name", SETTINGS)
@settings(max_examples=100)
@given(data=st.data())
def test_a_layer_refuses_what_torch_refuses_or_reads_otherwise(name: str, data: st.DataObject) -> None:
    chosen = data.draw(SETTINGS[name])
    item = layer(name, **chosen)
    kinds = data.draw(near(item, inputs_of(name, chosen)))
    complaints = refusals(item, kinds)  # type: ignore[arg-type]
    for complaint in complaints:
        assert complaint.needed and complaint.got and complaint.fix.endswith("."), complaint
        assert complaint.port is None or complaint.port in {port.name for port in item.input_ports}
    if not item.anywhere and any(kind is not None and not kind.batch_first for kind in kinds):
        return  # the compiler refuses it
    made = torch_makes(item, kinds)
    if not complaints:
        assert made, "torch refuses, and the layer says nothing"
        stated = item.output_type(*kinds)  # type: ignore[arg-type]
        if stated is not None:
            assert [kind.sizes(ROWS) for kind in several(stated)] == made
    else:
        assert not made or silent(item, kinds), complaints


WRONG: list[tuple[str, dict[str, Any], tuple[TensorType | None, ...], str]] = [
    ("LSTM", {}, (TensorType((6,)), None, None), "a sequence [B, T, F]; [B, 6]; Add a Reshape before it"),
    ("GRU", {}, (TensorType((4, 6), axis=1), None), "a sequence [B, T, F]; [4, B, 6]; Switch batch_first off"),
    ("GRU", {"batch_first": False}, (TensorType((4, 6)), None), "[T, B, F]; [B, 4, 6]; Switch batch_first on"),
    ("RNN", {}, (TensorType((4,), "int64"), None), "with a fraction; whole numbers; Add an Embedding before it."),
    ("LSTM", {}, (TensorType((4, 6)), TensorType((1, 16), axis=1), None), "both states or none; one of them; c_0"),
    ("LSTM", {"hidden_size": 4, "proj_size": 4}, (TensorType((4, 6)), None, None), "fewer than 4 numbers; 4; smaller"),
    ("LSTM", {"dropout": 0.5}, (TensorType((4, 6)), None, None), "several layers; one layer, where it does nothing; 0"),
    ("GRU", {}, (TensorType((4, 6)), TensorType((1, 16))), "a state [1, B, 16]; [B, 1, 16]; hidden output of another"),
    ("GRUCell", {}, (TensorType((4, 6)), None), "2 axes [B, F]; 3 axes [B, 4, 6]; Add a Select"),
    ("MultiheadAttention", {"num_heads": 3}, (TensorType((4, 8)), *[None] * 4), "multiple of 3 heads; 8; divisor of 8"),
    (
        "MultiheadAttention",
        {"causal": True},
        (TensorType((4, 8)), None, None, None, TensorType((4, 4), BOOL, 0)),
        "a mask or causal, not both; [4, 4]; Switch causal off",
    ),
    (
        "MultiheadAttention",
        {"causal": True},
        (TensorType((4, 8)), TensorType((5, 8)), None, None, None),
        "as many keys as queries for causal; 4 queries and 5 keys; Wire a mask",
    ),
    (
        "MultiheadAttention",
        {},
        (TensorType((4, 8)), None, None, TensorType((4,), BOOL), TensorType((4, 4), rows=0)),
        "both true or false; bool beside float32; Make both of one type",
    ),
    (
        "TransformerEncoder",
        {"causal": True},
        (TensorType((4, 8)), None, TensorType((4,))),
        "both true or false; float32 beside bool; Make both of one type",
    ),
    (
        "TransformerEncoder",
        {"enable_nested_tensor": True, "norm_first": True},
        (TensorType((4, 8)), None, None),
        "norm_first off; norm_first on and 4 heads; Switch enable_nested_tensor off",
    ),
    (
        "TransformerDecoderLayer",
        {},
        (TensorType((4, 8)), TensorType((5, 6)), *[None] * 4),
        "a memory of vectors of 8 numbers; [B, 5, 6]; Add a Linear before it",
    ),
    ("Transformer", {}, (TensorType((4, 8)), TensorType((5, 6)), *[None] * 6), "multiple of 4 heads; 6; divisor of 6"),
    ("Embedding", {}, (TensorType((4,)),), "whole numbers; with a fraction (float32); Use Linear"),
    (
        "EmbeddingBag",
        {"mode": "max", "scale_grad_by_freq": True},
        (TensorType((4,), "int64"), None),
        "or mean; max; off",
    ),
    (
        "EmbeddingBag",
        {},
        (TensorType((4,), "int64"), TensorType((4,))),
        "the mode sum for weights; mean; Set mode to sum",
    ),
]


@pytest.mark.parametrize(("name", "chosen", "kinds", "words"), WRONG)
def test_what_it_says(name: str, chosen: dict[str, Any], kinds: tuple[TensorType | None, ...], words: str) -> None:
    (complaint,) = layer(name, **chosen).check(*kinds)  # type: ignore[arg-type]
    for said, part in zip((complaint.needed, complaint.got, complaint.fix), words.split("; "), strict=True):
        assert part in said


def test_what_only_does_nothing_is_no_error() -> None:
    """torch warns of a dropout that has no place, and of masks of two types; both are trained with all the same."""
    for name, chosen, kinds, _ in WRONG:
        (complaint,) = layer(name, **chosen).check(*kinds)  # type: ignore[arg-type]
        harmless = "dropout" in chosen or "both true or false" in complaint.needed or "nested" in complaint.fix
        assert (complaint.severity != "error") == harmless


def test_an_embedding_has_a_row_for_its_padding() -> None:
    with pytest.raises(ValueError, match="padding_idx needs a number below 5, but got 5"):
        layer("Embedding", num_embeddings=5, padding_idx=5)
