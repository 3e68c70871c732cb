"""Projects that the tests of the engine train."""

from __future__ import annotations

import nnstudio.library  # noqa: F401  (registers what is asked for here)
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset, Layer, Loss, Optimizer, Schedule
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered


def layer(name: str, **settings: object) -> Layer:
    return registered(Layer)[name](**settings)


def loss(name: str, **settings: object) -> Loss:
    return registered(Loss)[name](**settings)


def optimizer(name: str, **settings: object) -> Optimizer:
    return registered(Optimizer)[name](**settings)


def schedule(name: str, **settings: object) -> Schedule:
    return registered(Schedule)[name](**settings)


def dataset(name: str, **settings: object) -> Dataset:
    return registered(Dataset)[name](**settings)


def chain(*layers: Layer) -> Graph:
    """A drawing in which each layer feeds the next."""
    graph = Graph()
    last = None
    for place, item in enumerate(layers):
        graph, node = graph.add(item, (176.0 * place, 0.0))
        if last is not None:
            graph = graph.wire(last, node)
        last = node
    return graph


def iris(**training: object) -> Project:
    """The network of the iris chapter: 4 → 32 → 16 → 3, Adam 0.001, full batch."""
    graph = chain(
        layer("Input"),
        layer("Linear", out_features=32),
        layer("ReLU"),
        layer("Linear", out_features=16),
        layer("ReLU"),
        layer("Linear", out_features=3),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    settings = {"optimizer": optimizer("Adam", lr=0.001), "epochs": 100, "batch_size": None} | training
    return Project(graph, DataSettings(dataset("Iris")), TrainingSettings(**settings))  # type: ignore[arg-type]


def spirals(*middle: Layer, **training: object) -> Project:
    """Spirals, one output, mini-batches of 10; `middle` replaces the hidden layers."""
    hidden = middle or (
        layer("Linear", out_features=8),
        layer("Tanh"),
        layer("Linear", out_features=8),
        layer("Tanh"),
    )
    graph = chain(
        layer("Input"),
        *hidden,
        layer("Linear", out_features=1),
        layer("Output", loss=loss("BCEWithLogitsLoss")),
    )
    settings = {"optimizer": optimizer("Adam", lr=0.01), "epochs": 5, "batch_size": 10} | training
    return Project(graph, DataSettings(dataset("Spirals")), TrainingSettings(**settings))  # type: ignore[arg-type]
