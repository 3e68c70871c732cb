"""Layers for sequences on their way in from a module and out as Python, a program and ONNX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from engine.projects import layer
from engine.test_export_formats import onnx_results, program_results
from engine.test_export_module import compare, loaded
from library.sequences import BATCH, QUIET, drawn, rows_of, several
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.project import DataSettings, Project
from nnstudio.engine.export.exported_program import to_exported_program
from nnstudio.engine.export.module import graph_source
from nnstudio.engine.export.onnx_file import to_onnx
from nnstudio.engine.export.subject import subject
from nnstudio.engine.export.trial import difference
from nnstudio.engine.importing import ImportRefused, import_module

pytestmark = QUIET

# -- in ----------------------------------------------------------------------------------------------------------------


class Model(nn.Module):
    """One module, called as a person calls it."""

    def __init__(self, module: nn.Module, call: Callable[..., Any]) -> None:
        super().__init__()
        self.it, self.call = module, call

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.call(self.it, *inputs)


def later(length: int) -> torch.Tensor:
    return nn.Transformer.generate_square_subsequent_mask(length)


def an_encoder(**chosen: Any) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, **chosen)


def turned(m: Any, x: Any) -> Any:
    return m(x.transpose(0, 1))[1][1].transpose(0, 1)


def with_states(m: Any, x: Any, h: Any, c: Any) -> Any:
    return m(x, (h.transpose(0, 1), c.transpose(0, 1)))[0]


def alone(m: Any, *given: Any) -> Any:
    return m(*given)


def attended(**said: Any) -> Callable[..., Any]:
    return lambda m, x: m(x, x, x, **said)


X, Y, TOKENS = (4, 8), (5, 8), (6,)
MODULES: dict[str, tuple[Callable[[], nn.Module], Callable[..., Any], list[tuple[int, ...]], list[str]]] = {
    "the last step of an LSTM": (
        lambda: nn.LSTM(8, 3, batch_first=True),
        lambda m, x: m(x)[0][:, -1, :],
        [X],
        ["LSTM", "Select"],
    ),
    "the hidden state": (lambda: nn.LSTM(8, 3, batch_first=True), lambda m, x: m(x)[1][0][-1], [X], ["LSTM", "Select"]),
    "both ways, the batch second": (
        lambda: nn.LSTM(8, 3, 2, bidirectional=True, dropout=0.3),
        turned,
        [X],
        ["Transpose", "LSTM", "Transpose"],
    ),
    "from given states": (
        lambda: nn.LSTM(8, 3, batch_first=True),
        with_states,
        [X, (1, 3), (1, 3)],
        ["Transpose", "Transpose", "LSTM"],
    ),
    "a projection": (lambda: nn.LSTM(8, 3, proj_size=2, batch_first=True), lambda m, x: m(x)[0], [X], ["LSTM"]),
    "a GRU": (lambda: nn.GRU(8, 3, batch_first=True), lambda m, x: m(x)[1].squeeze(0), [X], ["GRU", "Squeeze"]),
    "an RNN": (
        lambda: nn.RNN(8, 3, nonlinearity="relu", bias=False, batch_first=True),
        lambda m, x: m(x)[0],
        [X],
        ["RNN"],
    ),
    "cells": (
        lambda: nn.GRUCell(8, 3),
        lambda m, x: m(x[:, 0], m(x[:, 1])),
        [X],
        ["Select", "Select", "GRUCell", "GRUCell"],
    ),
    "weights of attention": (
        lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        lambda m, x: attended()(m, x)[1],
        [X],
        ["MultiheadAttention"],
    ),
    "attention with its own key and zeros": (
        lambda: nn.MultiheadAttention(8, 2, bias=False, add_bias_kv=True, add_zero_attn=True, batch_first=True),
        lambda m, x: attended(need_weights=False)(m, x)[0],
        [X],
        ["MultiheadAttention"],
    ),
    "keys and values of other sizes": (
        lambda: nn.MultiheadAttention(8, 2, kdim=3, vdim=5, batch_first=True),
        lambda m, q, k, v: m(q, k, v)[0],
        [X, (6, 3), (6, 5)],
        ["MultiheadAttention"],
    ),
    "attention that looks back": (
        lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        lambda m, x: attended(attn_mask=later(x.shape[1]), is_causal=True, need_weights=False)(m, x)[0],
        [X],
        ["Constant", "MultiheadAttention"],
    ),
    "an encoder": (lambda: nn.TransformerEncoder(an_encoder(), 2), alone, [X], ["TransformerEncoder"]),
    "an encoder without nested tensors": (
        lambda: nn.TransformerEncoder(an_encoder(norm_first=True), 2, nn.LayerNorm(8), enable_nested_tensor=False),
        alone,
        [X],
        ["TransformerEncoder"],
    ),
    "an encoder with a norm before, as torch makes it": (
        lambda: nn.TransformerEncoder(an_encoder(norm_first=True, activation=functional.gelu), 2, nn.LayerNorm(8)),
        alone,
        [X],
        ["TransformerEncoder"],
    ),
    "an encoder that looks back": (
        lambda: nn.TransformerEncoder(an_encoder(), 2),
        lambda m, x: m(x, mask=later(x.shape[1])),
        [X],
        ["Constant", "TransformerEncoder"],
    ),
    "an encoder with another function": (
        lambda: nn.TransformerEncoder(an_encoder(activation=nn.SiLU()), 2),
        alone,
        [X],
        ["Block"],
    ),
    "a decoder": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 12, batch_first=True), 2, nn.LayerNorm(8)),
        lambda m, x, y: m(x, y, tgt_mask=later(x.shape[1])),
        [X, Y],
        ["Constant", "TransformerDecoder"],
    ),
    "a transformer": (
        lambda: nn.Transformer(8, 2, 1, 2, 12, batch_first=True),
        lambda m, x, y: m(x, y, tgt_mask=later(y.shape[1]), src_key_padding_mask=x[:, :, 0] > 9),
        [Y, X],
        ["Constant", "Select", "Compare", "Transformer"],
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_one_layer(name: str) -> None:
    """What comes in is run beside the module: it does the same, or the import refuses it or says so."""
    make, call, shapes, kinds = MODULES[name]
    found = import_module(Model(make(), call), tuple(torch.randn(BATCH, *shape) for shape in shapes), "model")
    made = [type(node.layer).__name__ for node in found.project.graph.nodes.values()]
    assert sorted(kind for kind in made if kind not in ("Input", "Output")) == sorted(kinds)
    assert found.notices == ()


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Embedding(10, 4, sparse=True), "sparse"),
        (nn.EmbeddingBag(10, 4, include_last_offset=True), "EmbeddingBag"),
    ],
)
def test_what_a_table_does_not_have_is_said(module: nn.Module, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        import_module(Model(module, alone), (torch.randint(0, 10, (BATCH, *TOKENS)),), "model")


# -- out as Python -----------------------------------------------------------------------------------------------------

FORWARDS: list[tuple[str, dict[str, Any], tuple[str, ...], list[str]]] = [
    ("LSTM", {}, ("output",), ["x, _ = self.it(x)", "return x"]),
    ("LSTM", {}, ("hidden",), ["_, (x, _) = self.it(x)", "return x"]),
    ("LSTM", {}, ("cell",), ["_, (_, x) = self.it(x)", "return x"]),
    ("LSTM", {}, ("last",), ["x, _ = self.it(x)", "return x[:, -1]"]),
    (
        "LSTM",
        {"num_layers": 2},
        ("output", "hidden", "cell"),
        ["it_output, (it_hidden, it_cell) = self.it(x)", "return it_output, it_hidden, it_cell"],
    ),
    ("GRU", {"bidirectional": True}, ("hidden",), ["_, x = self.it(x)", "return x"]),
    (
        "GRU",
        {},
        (),
        ["it_output, it_hidden = self.it(x)", "output_3 = it_output[:, -1]", "return it_output, it_hidden, output_3"],
    ),
    ("MultiheadAttention", {}, (), ["return self.it(x, x, x, need_weights=False)[0]"]),
    ("MultiheadAttention", {"need_weights": True}, ("weights",), ["_, x = self.it(x, x, x)", "return x"]),
    ("LSTMCell", {}, (), ["it_hidden, it_cell = self.it(x)", "return it_hidden, it_cell"]),
]


@pytest.mark.parametrize(("name", "chosen", "ports", "lines"), FORWARDS)
def test_the_forward_is_what_a_person_would_write(
    name: str, chosen: dict[str, Any], ports: tuple[str, ...], lines: list[str], tmp_path: Path
) -> None:
    item = layer(name, **chosen)
    kind = item.example[0]
    assert kind is not None
    graph = drawn(item, {item.input_ports[0].name: kind}, ports)
    source = compare(graph, tmp_path, [(torch.randn(BATCH, *kind.shape),)])
    body = source.split("def forward(self, x):\n")[1]
    assert [line.strip() for line in body.strip().splitlines()] == lines


def test_selected_states_are_no_tuple(tmp_path: Path) -> None:
    """Both layers of the hidden state, each picked by its number: the state is a tensor and stays one."""
    graph = drawn(layer("GRU", num_layers=2), {"input": TensorType((4, 6))}, ("hidden",))
    (edge,) = (edge for edge in graph.edges if edge.source_port == "hidden")
    graph = graph.remove([edge.target])
    for number in (0, 1):
        graph, picked = graph.add(layer("Select", axis=0, index=number))
        graph, end = graph.add(layer("Output"))
        graph = graph.connect(type(edge)(edge.source, "hidden", picked.id, "input")).wire(picked, end)
    compare(graph, tmp_path, [(torch.randn(BATCH, 4, 6),)])


# -- out as a program and as ONNX --------------------------------------------------------------------------------------

SMALL = {"dim_feedforward": 12}
HIDDEN = {"pattern": "causal mask -inf", "shape": (4, 4)}
MASKED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "an encoder that looks back": ("TransformerEncoder", {"causal": True, **SMALL}, {"src": (4, 8)}),
    "an encoder with a mask": ("TransformerEncoder", SMALL, {"src": (4, 8), "mask": HIDDEN}),
    "a decoder that looks back": (
        "TransformerDecoder",
        {"causal": True, "num_layers": 1, **SMALL},
        {"tgt": (4, 8), "memory": (5, 8)},
    ),
    "a transformer with masks": (
        "Transformer",
        {"num_encoder_layers": 1, "num_decoder_layers": 1, **SMALL},
        {"src": (4, 8), "tgt": (4, 8), "src_mask": HIDDEN, "tgt_mask": HIDDEN},
    ),
    "attention that looks back": ("MultiheadAttention", {"causal": True}, {"query": (4, 8)}),
    "an LSTM": ("LSTM", {"num_layers": 2, "bidirectional": True}, {"input": (4, 6)}),
}


@pytest.mark.parametrize("name", MASKED)
def test_programs_and_onnx_do_the_same(name: str) -> None:
    """torch looks into a mask to see whether it is causal, unless it is told: no recorded program can do that."""
    kind, chosen, wires = MASKED[name]
    given: dict[str, TensorType | Layer] = {
        port: TensorType(what) if isinstance(what, tuple) else layer("Constant", **what) for port, what in wires.items()
    }
    graph = drawn(layer(kind, **chosen), given)
    project = Project(graph, DataSettings(None))
    what = subject(project)
    rows = what.rows(3, drawn=True)
    own = what.compute(rows)
    model = onnx_results(to_onnx(project), rows)
    program = program_results(to_exported_program(project), rows)
    for mine, theirs, its in zip(several(own), model, program, strict=True):
        assert difference(mine, theirs) <= 1
        assert difference(mine, its.detach().numpy()) <= 1


def test_a_projection_that_onnx_does_not_have_is_named() -> None:
    graph = drawn(layer("LSTM", proj_size=2), {"input": TensorType((4, 6))})
    with pytest.raises(ValueError, match="it cannot be written as ONNX"):
        to_onnx(Project(graph, DataSettings(None)))


def test_written_and_read_again(tmp_path: Path) -> None:
    """A drawing with its own causal mask, as Python and back: the same outputs."""
    given = {"src": TensorType((4, 8))}
    graph = drawn(layer("TransformerEncoder", causal=True, norm=True, **SMALL), given)
    model = loaded(graph_source(graph), tmp_path).Network().eval()
    rows = tuple(rows_of(given))
    found = import_module(model, tuple(value.detach() for value in rows), "model")
    assert "TransformerEncoder" in [type(node.layer).__name__ for node in found.project.graph.nodes.values()]
    assert found.notices == ()
