"""The network as a class that a person could have written."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from nnstudio.core.graph import module_names
from nnstudio.core.kinds import Layer
from nnstudio.core.problems import Problem
from nnstudio.engine.compiler import GraphError, Report
from nnstudio.engine.export.expressions import Inexpressible, call, path_of
from nnstudio.engine.export.forward import forward_lines
from nnstudio.engine.network import Network

CLASS_NAME = "Network"


def class_source(network: Network, report: Report) -> str:
    """The class: its layers in the order in which they draw their weights, and the forward.

    Raises:
        GraphError: a layer for which no source can be written.
    """
    nodes = network.drawing.nodes
    lines = [f"class {CLASS_NAME}(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    for node_id, name in network.names.items():
        shapes = [kind.shape for kind in report.nodes[node_id].inputs if kind is not None]
        try:
            made = layer_source(nodes[node_id].layer, shapes)
        except Inexpressible as error:
            message = f"{nodes[node_id].title} cannot be written as Python: {error}."
            raise GraphError([Problem("error", message, node_id)]) from error
        lines.append(f"        self.{name} = {made}{_remark(nodes[node_id].title, name)}")
    try:
        body = forward_lines(network.code_graph, module_names(network.drawing))
    except Inexpressible as error:
        raise GraphError([Problem("error", f"The drawing cannot be written as Python: {error}.")]) from error
    lines += ["", "    def forward(self, x):", *(f"        {line}" for line in body)]
    return "\n".join(lines) + "\n"


def layer_source(layer: Layer, shapes: Iterable[tuple[int, ...]]) -> str:
    """The call that makes the layer's module."""
    made = layer.torch_class
    path = path_of(made) or (made.__name__ if made in layer.own_source else None)
    if path is None or type(layer).build is not Layer.build:
        raise Inexpressible(f"the layer {type(layer).__name__} does not say how")
    return call(path, made, layer.arguments(*shapes))


def own_classes(network: Network) -> list[str]:
    """The source of the classes that torch does not have, each once."""
    found: dict[type, str] = {}
    for node_id in network.names:
        for own in network.drawing.nodes[node_id].layer.own_source:
            found.setdefault(own, inspect.getsource(own))
    return list(found.values())


def _remark(title: str, name: str) -> str:
    """The title behind the line, where the name could not say it."""
    return "" if title == name else f"  # {plain(title)}"


def plain(words: str) -> str:
    """Words for a comment: one line, and nothing that is not seen."""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(words.split()))
