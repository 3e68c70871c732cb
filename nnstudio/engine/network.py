"""Network: the nn.Module that a drawing means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MethodType
from typing import Any

import torch
from torch import fx, nn

from nnstudio.core.graph import Graph, module_names
from nnstudio.core.kinds import Shape


class Network(nn.Module):
    """The module that a drawing means.

    Attributes:
        drawing: the Graph it was made from.
        order: the ids of the nodes that are computed, in order.
        names: for each node that has a module, the attribute name of that module.
        code_graph: torch.fx's graph of the forward; each of its nodes that is the value of a drawn node carries that
            node's id in `meta["node"]`.
    """

    def __init__(self, drawing: Graph, order: Sequence[str], shapes: Mapping[str, tuple[Shape, ...]]) -> None:
        """`order` are the ids to compute, in order; `shapes` what comes into each, without the batch axis."""
        super().__init__()
        self.drawing = drawing
        self.order = tuple(order)
        self.names: dict[str, str] = {}
        self.code_graph = fx.Graph()
        tracer = fx.proxy.GraphAppendingTracer(self.code_graph)
        feeding = {(edge.target, edge.target_port): edge.source for edge in drawing.edges}
        wanted = module_names(drawing)
        values: dict[str, fx.Proxy] = {}
        results: list[str] = []
        for node_id in order:
            layer = drawing.nodes[node_id].layer
            if not layer.input_ports:
                values[node_id] = fx.Proxy(self.code_graph.placeholder("x"), tracer)
            else:
                given = [values[feeding[node_id, port.name]] for port in layer.input_ports]
                if not layer.output_ports:
                    values[node_id] = given[0]
                    results.append(node_id)
                    continue
                module = layer.build(*shapes[node_id])
                if module is not None:
                    self.names[node_id] = wanted[node_id]
                    self.add_module(wanted[node_id], module)
                values[node_id] = layer.apply(_Call(self.code_graph, tracer, wanted[node_id]), *given)
            values[node_id].node.meta["node"] = node_id
        self.code_graph.output(values[results[0]].node)
        self.code_graph.lint()
        self._values = {node_id: proxy.node.name for node_id, proxy in values.items()}
        self.forward = _forward(self, self.code_graph)
        self._activations: Any = None

    def activations(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """The value at every node for these inputs [batch, *shape]; the Output holds what it receives."""
        if self._activations is None:
            graph = fx.Graph()
            copies: dict[fx.Node, fx.Node] = {}
            graph.graph_copy(self.code_graph, copies)
            by_name = {node.name: copy for node, copy in copies.items()}
            graph.output({node_id: by_name[name] for node_id, name in self._values.items()})
            self._activations = _forward(self, graph)
        values: dict[str, torch.Tensor] = self._activations(x)
        return values

    def module_of(self, node_id: str) -> nn.Module | None:
        """The module of a node; None for operations, which have none."""
        name = self.names.get(node_id)
        return None if name is None else getattr(self, name)


class _Call:
    """Stands for a module while the forward is written down."""

    def __init__(self, graph: fx.Graph, tracer: Any, name: str) -> None:
        self._graph, self._tracer, self._name = graph, tracer, name

    def __call__(self, *tensors: fx.Proxy) -> fx.Proxy:
        return fx.Proxy(self._graph.call_module(self._name, tuple(tensor.node for tensor in tensors)), self._tracer)


def _forward(network: nn.Module, graph: fx.Graph) -> Any:
    """torch.fx's code for a graph, as a method of the network itself: no wrapper is called in between."""
    return MethodType(type(fx.GraphModule(network, graph)).forward, network)
