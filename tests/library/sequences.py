"""Drawings of one layer for sequences, and the modules of torch that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from engine.projects import layer
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Layer
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.engine.network import Network

BATCH, STEPS, OTHERS = 3, 4, 5
BOOL, FLOAT = "bool", "float32"
YES = st.booleans()
CHANCE = st.sampled_from([0.0, 0.5])

# What torch warns of, and a complaint of the layer says too.
QUIET = [
    pytest.mark.filterwarnings("ignore:dropout option adds dropout"),
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:Support for mismatched"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True"),
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors"),
]


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
