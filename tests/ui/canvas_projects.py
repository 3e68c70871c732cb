"""Projects that the tests of the canvas draw."""

from __future__ import annotations

from typing import Any

import nnstudio.library  # noqa: F401  registers the layers
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Layer, Loss
from nnstudio.core.spec import registered


def make(kind: type, name: str, **settings: Any) -> Any:
    """A thing of the library by its name."""
    return registered(kind)[name](**settings)


def residual_graph() -> Graph:
    """Input, a hidden layer with a way around it, and one output.

    n1 Input → n2 Linear 8 → n3 ReLU → n4 Add → n6 Linear 1 → n7 Output, and n3 → n5 Linear 8 → n4.
    """
    graph = Graph()
    for layer, position, title in (
        (make(Layer, "Input"), (0, 0), "input"),
        (make(Layer, "Linear", out_features=8), (176, 0), "hidden_1"),
        (make(Layer, "ReLU"), (352, 0), "relu"),
        (make(Layer, "Add"), (528, 0), "add"),
        (make(Layer, "Linear", out_features=8), (440, 216), "hidden_2"),
        (make(Layer, "Linear", out_features=1), (704, 0), "last"),
        (make(Layer, "Output", loss=make(Loss, "BCEWithLogitsLoss")), (880, 0), "output"),
    ):
        graph, _ = graph.add(layer, position, title)
    for source, target in (
        ("n1", "n2"),
        ("n2", "n3"),
        ("n3", "n4"),
        ("n3", "n5"),
        ("n5", "n4"),
        ("n4", "n6"),
        ("n6", "n7"),
    ):
        graph = graph.wire(source, target)
    return graph
