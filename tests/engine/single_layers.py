"""Drawings of one layer each, as it comes from the palette, with everything that it makes as an output."""

from __future__ import annotations

import nnstudio.library  # noqa: F401  (registers the layers)
from engine.projects import layer, loss
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Layer
from nnstudio.core.project import DataSettings, Project
from nnstudio.core.spec import registered
from nnstudio.engine.evaluate import evaluate

LAYERS = {name: kind for name, kind in registered(Layer).items() if kind.role == "layer"}


def drawing(name: str, **settings: object) -> Project:
    """One layer between Inputs (or Parameters, where what comes in has no batch axis) and Outputs."""
    graph, node = Graph().add(layer(name, **settings), (200.0, 0.0), "the layer")
    for place, (port, kind) in enumerate(zip(node.layer.input_ports, node.layer.example, strict=False)):
        if kind is None:
            continue
        if kind.rows:
            source = layer("Input", shape=kind.shape, dtype=kind.dtype)
        else:
            source = layer("Parameter", shape=kind.shape, fill="normal", scale=1.0)
        graph, origin = graph.add(source, (0.0, 100.0 * place), f"input {place}")
        graph = graph.connect(Edge(origin.id, "output", node.id, port.name))
    if not any(item.layer.role == "input" for item in graph.nodes.values()):
        graph, origin = graph.add(layer("Input", shape=(3,)), (0.0, 300.0), "rows")
        graph, end = graph.add(layer("Output", loss=loss("MSELoss")), (400.0, 300.0), "same")
        graph = graph.connect(Edge(origin.id, "output", end.id, "input"))
    if name.startswith("MaxUnpool"):
        graph = _with_pool(graph, node.id, name.removeprefix("MaxUnpool"))
    types = evaluate(
        node.layer, (*node.layer.example,) + (None,) * (len(node.layer.input_ports) - len(node.layer.example))
    )
    assert not types.refused, types.refused
    for place, port in enumerate(node.layer.output_ports):
        graph, end = graph.add(layer("Output", loss=loss("MSELoss")), (400.0, 100.0 * place), f"output {place}")
        graph = graph.connect(Edge(node.id, port.name, end.id, "input"))
    return Project(graph, DataSettings(None))


def _with_pool(graph: Graph, unpool: str, axes: str) -> Graph:
    """The places that an unpooling takes must come from a pool."""
    sizes = {"1d": (3, 12), "2d": (3, 12, 12), "3d": (2, 8, 8, 8)}[axes]
    graph = graph.remove([node.id for node in graph.nodes.values() if node.layer.role == "input"])
    graph, rows = graph.add(layer("Input", shape=sizes), (-200.0, 0.0), "image")
    graph, pool = graph.add(layer(f"MaxPool{axes}", return_indices=True), (0.0, 0.0), "pool")
    graph = graph.connect(Edge(rows.id, "output", pool.id, "input"))
    for port, other in zip(pool.layer.output_ports, graph.nodes[unpool].layer.input_ports, strict=True):
        graph = graph.connect(Edge(pool.id, port.name, unpool, other.name))
    return graph


# What formats have no form of: (the formats, the reason).
REFUSED = {
    "CrossMapLRN2d": (("onnx", "pt2"), "torch computes it row by row in Python, for as many rows as there are"),
    "RReLU": (("onnx",), "ONNX has no operator that draws its slopes at random"),
    "EmbeddingBag": (("onnx",), "it is written as a loop that ONNX Runtime does not take"),
    "FractionalMaxPool2d": (("onnx",), "ONNX has no operator that draws its windows at random"),
    "FractionalMaxPool3d": (("onnx", "pt2"), "torch.export has no form of it for any number of rows"),
}

# What can be written as ONNX and not be read from it again.
ONE_WAY = {
    "MaxUnpool1d": "ONNX counts the places of a pool through the whole batch, torch through each plane",
    "MaxUnpool2d": "as MaxUnpool1d",
    "MaxUnpool3d": "as MaxUnpool1d",
}
