"""Recurrent layers, attention, transformers and tables of vectors against torch, bit for bit."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.projects import layer
from library.windows import refusals
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Layer
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.engine.network import Network

pytestmark = [
    pytest.mark.filterwarnings("ignore:dropout option adds dropout"),  # a complaint of the layer says it
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:Support for mismatched"),  # a complaint of the layer says it
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True"),  # a note of the layer says it
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors"),
]

BATCH, STEPS, OTHERS = 3, 4, 5
BOOL, FLOAT = "bool", "float32"


# -- drawings of one layer ---------------------------------------------------------------------------------------------


def drawn(item: Layer, given_: Mapping[str, TensorType | Layer], ports: tuple[str, ...] = ()) -> Graph:
    """One layer, with an Input for each type (turned round where its batch is the second axis), or these layers."""
    graph, node = Graph().add(item, title="it")
    for port, source in given_.items():
        if isinstance(source, Layer):
            graph, start = graph.add(source)
        else:
            graph, start = graph.add(layer("Input", shape=source.shape, dtype=source.dtype), title=port)
            if source.axis == 1:
                graph, turned = graph.add(layer("Transpose", first=0, second=1))
                graph, start = graph.wire(start, turned), turned
            if source.rows > 1:
                graph, several = graph.add(layer("RepeatInterleave", repeats=source.rows, axis=0))
                graph, start = graph.wire(start, several), several
        graph = graph.connect(Edge(start.id, "output", node.id, port))
    for port_ in item.output_ports:
        if not ports or port_.name in ports:
            graph, end = graph.add(layer("Output"))
            graph = graph.connect(Edge(node.id, port_.name, end.id, "input"))
    return graph


def rows_of(given_: Mapping[str, TensorType | Layer], batch: int = BATCH) -> list[torch.Tensor]:
    """Random rows for the Inputs of such a drawing; masks hide no place completely."""
    generator = torch.Generator().manual_seed(batch)
    found = []
    for kind in given_.values():
        if isinstance(kind, Layer):
            continue
        size = (batch, *kind.shape)
        if kind.dtype == "int64":
            found.append(torch.randint(0, 5, size, generator=generator))
        elif kind.dtype == BOOL:
            hidden = torch.rand(size, generator=generator) < 0.4
            hidden[..., 0] = False
            found.append(hidden)
        else:
            found.append(torch.randn(size, generator=generator, requires_grad=True))
    return found


def arriving(given_: Mapping[str, TensorType | Layer], rows: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """What comes to the layer by port."""
    waiting = iter(rows)
    found = {}
    for port, kind in given_.items():
        if isinstance(kind, Layer):
            found[port] = kind.build()
            continue
        value = next(waiting)
        value = value.transpose(0, 1) if kind.axis == 1 else value
        found[port] = value.repeat_interleave(kind.rows, dim=0) if kind.rows > 1 else value
    return found


def several(made: Any) -> tuple[torch.Tensor, ...]:
    return made if isinstance(made, tuple) else (made,)


def results(call: Any, module: nn.Module, rows: list[torch.Tensor], grad: bool) -> list[torch.Tensor]:
    """The outputs, then the gradients of all parameters and inputs."""
    for tensor in (*module.parameters(), *rows):
        tensor.grad = None
    torch.manual_seed(5)
    with torch.set_grad_enabled(grad):
        made = several(call(*rows))
    if grad:
        sum((one * torch.linspace(0.5, 1.5, one.numel()).view_as(one)).sum() for one in made).backward()
    gradients = [tensor.grad for tensor in (*module.parameters(), *rows) if tensor.grad is not None]
    return [*made, *gradients]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> None:
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert torch.equal(mine.nan_to_num(7.0), theirs.nan_to_num(7.0))


def agree(item: Layer, given_: Mapping[str, TensorType | Layer], make: Any, call: Any, ports: Any = ()) -> Network:
    """The network of the drawing is the module that `make` gives, called by `call(module, tensors by port)`.

    The same first weights, parameters, shapes, outputs and gradients: in training with its dropout, in evaluation, and
    without gradients, where torch takes ways of its own.
    """
    graph = drawn(item, given_, ports)
    report = check_graph(graph)
    assert not report.errors, report.errors
    torch.manual_seed(2)
    network = compile_network(graph)
    torch.manual_seed(2)
    module = make()
    own = {name.removeprefix("it."): value for name, value in network.state_dict().items()}
    assert list(own) == list(module.state_dict())
    assert all(torch.equal(own[name], value) for name, value in module.state_dict().items())
    assert report.parameters == sum(parameter.numel() for parameter in module.parameters())
    node = next(node for node in graph.nodes.values() if node.title == "it")
    kinds = report.nodes[node.id].outputs
    shown = [kind for kind, port in zip(kinds, item.output_ports, strict=True) if not ports or port.name in ports]
    for train, grad in ((True, True), (False, True), (False, False)):
        rows = rows_of(given_)
        network.train(train), module.train(train)
        mine = results(network, network, rows, grad)
        same(mine, results(lambda *rows: call(module, arriving(given_, list(rows))), module, rows, grad))
        for kind, made in zip(shown, mine, strict=False):
            assert kind is not None and tuple(made.shape) == kind.sizes(BATCH)
    for batch in (1, 2, 7):
        for kind, made in zip(shown, several(network(*rows_of(given_, batch))), strict=True):
            assert kind is not None and tuple(made.shape) == kind.sizes(batch)
    comes_back(item, tuple(given_.get(port.name) for port in item.input_ports), module)
    return network


def comes_back(item: Layer, sources: tuple[TensorType | Layer | None, ...], module: nn.Module) -> None:
    """The settings can be read from the module again, but for those that torch takes with each call."""
    said = {"causal", "need_weights", "average_attn_weights"} & {setting.name for setting in item.settings()}
    again = type(item).from_module(module)
    assert again == item.with_(**{name: getattr(again, name) for name in said})
    shapes = [
        tuple(source.build().shape) if isinstance(source, Layer) else source and source.shape for source in sources
    ]
    made = again.build(*shapes)
    assert repr(made) == repr(module)
    assert {k: v.shape for k, v in made.state_dict().items()} == {k: v.shape for k, v in module.state_dict().items()}


def of(**options: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(options)


CHANCE = st.sampled_from([0.0, 0.5])
YES = st.booleans()


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


# -- what is refused ---------------------------------------------------------------------------------------------------

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
    """Whether torch would take what is no batch for one, or read a batch along another axis; or half a state is lost."""
    if type(item).__name__.startswith("LSTM") and (kinds[1] is None) != (kinds[2] is None):
        return True
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
    with pytest.raises(ValueError, match="padding_idx needs a number below 5, but gets 5"):
        layer("Embedding", num_embeddings=5, padding_idx=5)
