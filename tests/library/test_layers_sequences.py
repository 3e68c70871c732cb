"""Recurrent layers, attention, transformers and tables of vectors against torch, bit for bit."""

from __future__ import annotations

import copy
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.projects import layer
from library.sequences import (
    BATCH,
    BOOL,
    CHANCE,
    FLOAT,
    OTHERS,
    QUIET,
    STEPS,
    YES,
    agree,
    drawn,
    of,
)
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.network import Network

pytestmark = QUIET

# -- recurrent layers --------------------------------------------------------------------------------------------------

RECURRENT = {
    "hidden_size": st.integers(2, 5),
    "num_layers": st.integers(1, 3),
    "bias": YES,
    "batch_first": YES,
    "dropout": CHANCE,
    "bidirectional": YES,
}


def recurrent(name: str, chosen: dict[str, Any], states: bool, ports: tuple[str, ...]) -> Network:
    item = layer(name, **chosen)
    axis = 0 if chosen["batch_first"] else 1
    given_ = {"input": TensorType((STEPS, 6), axis=axis)}
    if states:
        count = chosen["num_layers"] * (2 if chosen["bidirectional"] else 1)
        sizes = {"h_0": chosen.get("proj_size") or chosen["hidden_size"], "c_0": chosen["hidden_size"]}
        for port in item.input_ports[1:]:
            given_[port.name] = TensorType((count, sizes[port.name]), axis=1)

    def call(module: Any, tensors: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        before = [tensors[port] for port in ("h_0", "c_0") if port in tensors]
        state = tuple(before) if len(before) == 2 else before[0] if before else None
        output, after = module(tensors["input"], state)
        last = output[:, -1] if chosen["batch_first"] else output[-1]
        every = {"output": output, "hidden": after, "last": last}
        if name == "LSTM":
            every |= {"hidden": after[0], "cell": after[1]}
        return tuple(every[port.name] for port in item.output_ports if not ports or port.name in ports)

    return agree(item, given_, lambda: getattr(nn, name)(6, **chosen), call, ports)


PORTS = st.sets(st.sampled_from(["output", "hidden", "last"]), min_size=1).map(lambda names: tuple(sorted(names)))


@given(chosen=of(**RECURRENT, nonlinearity=st.sampled_from(["tanh", "relu"])), states=YES, ports=PORTS)
def test_rnn(chosen: dict[str, Any], states: bool, ports: tuple[str, ...]) -> None:
    recurrent("RNN", chosen, states, ports)


@given(chosen=of(**RECURRENT, proj_size=st.integers(0, 1)), states=YES, ports=PORTS | st.just(("cell",)) | st.just(()))
def test_lstm(chosen: dict[str, Any], states: bool, ports: tuple[str, ...]) -> None:
    recurrent("LSTM", chosen, states, ports)


@given(chosen=of(**RECURRENT), states=YES, ports=PORTS)
def test_gru(chosen: dict[str, Any], states: bool, ports: tuple[str, ...]) -> None:
    recurrent("GRU", chosen, states, ports)


def test_the_last_step_of_two_directions_is_the_last_place_and_the_hidden_state_is_not() -> None:
    """The backward direction has read only the last vector there; its final state is in `hidden`."""
    torch.manual_seed(0)
    network = compile_network(drawn(layer("GRU", hidden_size=3, bidirectional=True), {"input": TensorType((STEPS, 6))}))
    output, hidden, last = network(torch.randn(2, STEPS, 6))
    assert torch.equal(last, output[:, -1])
    assert torch.equal(last[:, :3], hidden[0])
    assert torch.equal(output[:, 0, 3:], hidden[1]) and not torch.equal(last[:, 3:], hidden[1])


def test_an_output_without_a_wire_is_not_computed() -> None:
    network = compile_network(drawn(layer("LSTM"), {"input": TensorType((STEPS, 6))}, ("output",)))
    calls = [node.op for node in network.code_graph.nodes if node.op.startswith("call")]
    assert calls == ["call_module", "call_function"]


@given(
    name=st.sampled_from(["RNNCell", "LSTMCell", "GRUCell"]),
    chosen=of(hidden_size=st.integers(1, 5), bias=YES),
    states=YES,
)
def test_cells(name: str, chosen: dict[str, Any], states: bool) -> None:
    item = layer(name, **chosen)
    given_ = {"input": TensorType((6,))}
    if states:
        given_ |= {port.name: TensorType((chosen["hidden_size"],)) for port in item.input_ports[1:]}

    def call(module: Any, tensors: dict[str, torch.Tensor]) -> Any:
        before = [tensors[port] for port in ("hidden", "cell") if port in tensors]
        return module(tensors["input"], tuple(before) if len(before) == 2 else before[0] if before else None)

    agree(item, given_, lambda: getattr(nn, name)(6, **chosen), call)


# -- attention ---------------------------------------------------------------------------------------------------------


def a_mask(kind: str, rows: int, columns: int, heads: int) -> TensorType | Layer | None:
    if kind == "none":
        return None
    if kind == "for each head":
        return TensorType((rows, columns), rows=heads)
    if kind == "numbers":
        values = torch.randn(rows * columns, generator=torch.Generator().manual_seed(1)).tolist()
        return layer("Constant", pattern="values", shape=(rows, columns), values=tuple(values))
    places = [float(place % 3 == 1) for place in range(rows * columns)]
    return layer("Constant", pattern="values", shape=(rows, columns), values=tuple(places), dtype=BOOL)


def wired(**sources: TensorType | Layer | None) -> dict[str, TensorType | Layer]:
    return {port: source for port, source in sources.items() if source is not None}


def padding(kind: str, columns: int) -> TensorType | None:
    return None if kind == "none" else TensorType((columns,), kind)


MASKS = st.sampled_from(["none", "numbers", "places", "for each head"])
PADDINGS = st.sampled_from(["none", BOOL, FLOAT])
ATTENTION = {
    "num_heads": st.sampled_from([1, 2, 4]),
    "dropout": CHANCE,
    "bias": YES,
    "add_bias_kv": YES,
    "add_zero_attn": YES,
    "batch_first": YES,
}


def hidden_after(length: int) -> torch.Tensor:
    return torch.ones(length, length, dtype=torch.bool).triu(1)


@given(
    chosen=of(**ATTENTION),
    keys=st.sampled_from([None, 8, 6]),
    values=st.sampled_from([None, 8, 3]),
    mask=MASKS,
    pad=PADDINGS,
    weights=st.sampled_from([None, "mean", "each"]),
    causal=YES,
)
def test_multihead_attention(
    chosen: dict[str, Any], keys: Any, values: Any, mask: str, pad: str, weights: str | None, causal: bool
) -> None:
    axis = 0 if chosen["batch_first"] else 1
    longer = STEPS if causal or (keys is None and values is None) or None in (keys, values) else OTHERS
    causal = causal and mask == "none"
    each = weights == "each"
    called = {"need_weights": bool(weights), "average_attn_weights": not each}
    item = layer("MultiheadAttention", **chosen, **called, causal=causal)
    given_ = wired(
        query=TensorType((STEPS, 8), axis=axis),
        key=keys and TensorType((longer, keys), axis=axis),
        value=values and TensorType((longer, values), axis=axis),
        key_padding_mask=padding(pad, longer),
        attn_mask=a_mask(mask, STEPS, longer, chosen["num_heads"]),
    )
    sizes = keys or 8, values or keys or 8
    other = {} if sizes == (8, 8) else {"kdim": sizes[0], "vdim": sizes[1]}

    def call(module: Any, tensors: dict[str, torch.Tensor]) -> Any:
        query = tensors["query"]
        key = tensors.get("key", query)
        found = module(
            query,
            key,
            tensors.get("value", key),
            key_padding_mask=tensors.get("key_padding_mask"),
            attn_mask=hidden_after(STEPS) if causal else tensors.get("attn_mask"),
            **called,
        )
        return found if weights else found[0]

    agree(item, given_, lambda: nn.MultiheadAttention(8, **chosen, **other), call)


TRANSFORMER = {
    "nhead": st.sampled_from([1, 2, 4]),
    "dim_feedforward": st.integers(1, 9),
    "dropout": CHANCE,
    "activation": st.sampled_from(["relu", "gelu"]),
    "layer_norm_eps": st.sampled_from([1e-5, 1e-3]),
    "batch_first": YES,
    "norm_first": YES,
    "bias": YES,
}
STACK = of(num_layers=st.integers(1, 2), norm=YES)


def last_norm(chosen: dict[str, Any], norm: bool) -> nn.LayerNorm | None:
    return nn.LayerNorm(8, chosen["layer_norm_eps"], bias=chosen["bias"]) if norm else None


@given(chosen=of(**TRANSFORMER), stack=st.none() | STACK, nested=YES, mask=MASKS, pad=PADDINGS, causal=YES)
def test_transformer_encoders(
    chosen: dict[str, Any], stack: dict[str, Any] | None, nested: bool, mask: str, pad: str, causal: bool
) -> None:
    causal = causal and mask == "none"
    name, port = ("TransformerEncoder", "mask") if stack else ("TransformerEncoderLayer", "src_mask")
    more = {**stack, "enable_nested_tensor": nested} if stack else {}
    given_ = {
        "src": TensorType((STEPS, 8), axis=0 if chosen["batch_first"] else 1),
        **wired(
            **{port: a_mask(mask, STEPS, STEPS, chosen["nhead"])},
            src_key_padding_mask=padding(pad, STEPS),
        ),
    }

    def make() -> nn.Module:
        last = last_norm(chosen, bool(stack and stack["norm"]))
        one = nn.TransformerEncoderLayer(8, **chosen)
        return nn.TransformerEncoder(one, stack["num_layers"], last, nested) if stack else one

    def call(module: Any, tensors: dict[str, torch.Tensor]) -> Any:
        whole = hidden_after(STEPS) if causal else tensors.get(port)
        return module(tensors["src"], whole, tensors.get("src_key_padding_mask"))

    agree(layer(name, **chosen, **more, causal=causal), given_, make, call)


@given(chosen=of(**TRANSFORMER), stack=st.none() | STACK, masks=st.tuples(MASKS, MASKS), pads=PADDINGS, causal=YES)
def test_transformer_decoders(
    chosen: dict[str, Any], stack: dict[str, Any] | None, masks: tuple[str, str], pads: str, causal: bool
) -> None:
    causal = causal and masks[0] == "none"
    axis = 0 if chosen["batch_first"] else 1
    given_ = wired(
        tgt=TensorType((STEPS, 8), axis=axis),
        memory=TensorType((OTHERS, 8), axis=axis),
        tgt_mask=a_mask(masks[0], STEPS, STEPS, chosen["nhead"]),
        memory_mask=a_mask(masks[1], STEPS, OTHERS, chosen["nhead"]),
        tgt_key_padding_mask=padding(pads, STEPS),
        memory_key_padding_mask=padding(pads, OTHERS),
    )

    def make() -> nn.Module:
        last = last_norm(chosen, bool(stack and stack["norm"]))
        one = nn.TransformerDecoderLayer(8, **chosen)
        return nn.TransformerDecoder(one, stack["num_layers"], last) if stack else one

    def call(module: Any, tensors: dict[str, torch.Tensor]) -> Any:
        more = {"tgt_mask": hidden_after(STEPS)} if causal else {}
        return module(**tensors, **more)

    name = "TransformerDecoder" if stack else "TransformerDecoderLayer"
    agree(layer(name, **chosen, **(stack or {}), causal=causal), given_, make, call)


@settings(max_examples=10)
@given(
    chosen=of(**TRANSFORMER, num_encoder_layers=st.integers(1, 2), num_decoder_layers=st.integers(1, 2)),
    masks=st.tuples(MASKS, MASKS, MASKS),
    pads=PADDINGS,
    causal=YES,
)
def test_transformer(chosen: dict[str, Any], masks: tuple[str, str, str], pads: str, causal: bool) -> None:
    causal = causal and masks[1] == "none"
    axis = 0 if chosen["batch_first"] else 1
    given_ = wired(
        src=TensorType((OTHERS, 8), axis=axis),
        tgt=TensorType((STEPS, 8), axis=axis),
        src_mask=a_mask(masks[0], OTHERS, OTHERS, chosen["nhead"]),
        tgt_mask=a_mask(masks[1], STEPS, STEPS, chosen["nhead"]),
        memory_mask=a_mask(masks[2], STEPS, OTHERS, chosen["nhead"]),
        src_key_padding_mask=padding(pads, OTHERS),
        tgt_key_padding_mask=padding(pads, STEPS),
        memory_key_padding_mask=padding(pads, OTHERS),
    )

    def call(module: Any, tensors: dict[str, torch.Tensor]) -> Any:
        more = {"tgt_mask": hidden_after(STEPS)} if causal else {}
        return module(**tensors, **more)

    agree(layer("Transformer", **chosen, causal=causal), given_, lambda: nn.Transformer(8, **chosen), call)


def test_an_encoder_keeps_its_names_and_can_be_copied() -> None:
    item = layer("TransformerEncoder", dim_feedforward=8, causal=True)
    network = compile_network(drawn(item, {"src": TensorType((STEPS, 8))})).eval()
    assert next(iter(network.state_dict())) == "it.layers.0.self_attn.in_proj_weight"
    rows = torch.randn(BATCH, STEPS, 8)
    with torch.inference_mode():
        assert torch.equal(copy.deepcopy(network)(rows), network(rows))


@given(batch_first=YES, name=st.sampled_from(["MultiheadAttention", "TransformerEncoderLayer", "TransformerEncoder"]))
def test_causal_is_what_it_says(batch_first: bool, name: str) -> None:
    """A change of a later place changes nothing before it."""
    small = {} if name == "MultiheadAttention" else {"dim_feedforward": 8}
    item = layer(name, batch_first=batch_first, causal=True, **small)
    port = item.input_ports[0].name
    kind = TensorType((STEPS, 8), axis=0 if batch_first else 1)
    network = compile_network(drawn(item, {port: kind})).eval()
    rows = torch.randn(BATCH, STEPS, 8)
    changed = torch.cat((rows[:, :2], torch.randn(BATCH, STEPS - 2, 8)), dim=1)
    before, after = (network(given_) if batch_first else network(given_).transpose(0, 1) for given_ in (rows, changed))
    torch.testing.assert_close(before[:, :2], after[:, :2])
    assert not torch.allclose(before[:, 2:], after[:, 2:])


# -- tables of vectors -------------------------------------------------------------------------------------------------

TABLE = {
    "num_embeddings": st.integers(5, 9),
    "embedding_dim": st.integers(1, 4),
    "padding_idx": st.none() | st.integers(0, 4),
    "max_norm": st.none() | st.sampled_from([0.5, 3.0]),
    "norm_type": st.sampled_from([1.0, 2.0]),
}


@given(chosen=of(**TABLE, scale_grad_by_freq=YES), shape=st.sampled_from([(), (3,), (2, 3)]))
def test_embedding(chosen: dict[str, Any], shape: tuple[int, ...]) -> None:
    given_ = {"input": TensorType(shape, "int64")}
    agree(layer("Embedding", **chosen), given_, lambda: nn.Embedding(**chosen), lambda m, found: m(found["input"]))


@given(chosen=of(**TABLE), mode=st.sampled_from(["sum", "mean", "max"]), scale=YES, weighted=YES)
def test_embedding_bag(chosen: dict[str, Any], mode: str, scale: bool, weighted: bool) -> None:
    chosen = {**chosen, "mode": mode, "scale_grad_by_freq": scale and mode != "max"}
    given_ = {"input": TensorType((6,), "int64")}
    if weighted and mode == "sum":
        given_["per_sample_weights"] = TensorType((6,))
    agree(
        layer("EmbeddingBag", **chosen),
        given_,
        lambda: nn.EmbeddingBag(**chosen),
        lambda module, found: module(found["input"], per_sample_weights=found.get("per_sample_weights")),
    )


def test_a_vector_for_padding_stays_at_zero() -> None:
    network = compile_network(drawn(layer("Embedding", padding_idx=0), {"input": TensorType((3,), "int64")}))
    table = network.get_parameter("it.weight")
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    network(torch.tensor([[0, 1, 2]])).sum().backward()
    optimizer.step()
    assert not table[0].any() and table[1].any()
