"""A network to begin with, for data of any form: small, usual for such data, and trainable at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import nnstudio.library  # noqa: F401  (registers the layers)
from nnstudio.core.data import Data
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset, Layer, Loss, Optimizer, Split
from nnstudio.core.layout import arrange
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered

# Steps in the longest stretch of training that a beginner is made to wait for.
_STEPS = 6_000
_TOKEN_SIZE = 32


def starter_project(dataset: Dataset, data: Data, title: str = "") -> Project:
    """A project that trains on these rows with settings that usually do well: Adam, 0.001 to 0.003, small batches."""
    rows = max(1, data.rows)
    batch_size = min(128, max(16, 2 ** int(np.log2(max(16, rows / 64)))))
    epochs = int(np.clip(_STEPS * batch_size / rows, 3, 200))
    sequence = np.issubdtype(data.inputs.dtype, np.integer) and data.inputs.dtype != np.uint8
    adam = registered(Optimizer)["AdamW" if sequence else "Adam"](lr=0.003 if sequence else 0.001)
    standardise = not sequence
    settings = DataSettings(dataset, standardise=standardise)
    if data.parts is not None:
        settings = replace(settings, split=_split("GivenSplit"))
    elif data.times is not None:
        settings = replace(settings, split=_split("TimeSplit"))
    elif data.groups is not None:
        settings = replace(settings, split=_split("GroupSplit"))
    training = TrainingSettings(optimizer=adam, epochs=epochs, batch_size=batch_size)
    return Project(starter(data), settings, training, title=title)


def starter(data: Data) -> Graph:
    """The drawing: Input, some hidden layers, a last layer with the outputs that the targets need, and Output."""
    shape = data.input_type.shape
    outputs = data.classes if data.task == "classification" else data.targets.shape[1]
    loss = _loss("CrossEntropyLoss" if data.task == "classification" else "MSELoss")
    if data.input_type.dtype == "int64":
        hidden = _tokens(data, outputs)
    elif len(shape) == 3:
        hidden = [*_pictures(shape), _layer("Linear", out_features=outputs)]
    elif len(shape) == 2:
        hidden = [_layer("LSTM", hidden_size=32), _layer("Select", axis=1, index=-1)]
        hidden.append(_layer("Linear", out_features=outputs))
    else:
        flat = [] if len(shape) == 1 else [_layer("Flatten")]
        hidden = [*flat, *_dense(32, 16), _layer("Linear", out_features=outputs)]
    return _chain([_layer("Input"), *hidden, _layer("Output", loss=loss)])


def _dense(*sizes: int) -> list[Layer]:
    return [made for size in sizes for made in (_layer("Linear", out_features=size), _layer("ReLU"))]


def _pictures(shape: tuple[int, ...]) -> list[Layer]:
    """Convolutions and pooling, as often as the picture can be halved and stays at least 4 by 4."""
    side = min(shape[1:])
    if side < 4:
        return [_layer("Flatten"), *_dense(32)]
    made: list[Layer] = []
    channels = 16
    while side >= 8 and channels <= 64:
        made += [_layer("Conv2d", out_channels=channels, kernel_size=3, padding=1), _layer("ReLU")]
        made.append(_layer("MaxPool2d", kernel_size=2))
        side, channels = side // 2, channels * 2
    if not made:
        made = [_layer("Conv2d", out_channels=channels, kernel_size=3, padding=1), _layer("ReLU")]
    # A large picture that is still large is averaged, so that the last layer stays small.
    return [*made, *([_layer("AdaptiveAvgPool2d", output_size=4)] if side > 8 else []), _layer("Flatten")]


def _tokens(data: Data, outputs: int) -> list[Layer]:
    """A small transformer: causal, with an output at every place, where every place has a target."""
    count = len(data.vocabulary) or int(data.inputs.max(initial=0)) + 1
    places = data.targets.ndim > 1
    block = {"nhead": 4, "dim_feedforward": 4 * _TOKEN_SIZE, "norm_first": True, "dropout": 0.0, "causal": places}
    made = [_layer("Embedding", num_embeddings=count, embedding_dim=_TOKEN_SIZE), _layer("LearnedPositions")]
    made += [_layer("TransformerEncoderLayer", **block) for _ in range(2)]
    if places:  # the classes stand before the places, as the loss takes them
        return [*made, _layer("Linear", out_features=outputs), _layer("Transpose", first=1, second=2)]
    return [*made, _layer("Mean", axes=(1,)), _layer("Linear", out_features=outputs)]


def _chain(layers: Sequence[Layer]) -> Graph:
    graph = Graph()
    last = None
    for place, layer in enumerate(layers):
        graph, node = graph.add(layer, (176.0 * place, 0.0))
        graph = graph.wire(last, node) if last is not None else graph
        last = node
    return graph.move(arrange(graph))


def _layer(name: str, **settings: Any) -> Layer:
    found: Layer = registered(Layer)[name](**settings)
    return found


def _loss(name: str) -> Loss:
    found: Loss = registered(Loss)[name]()
    return found


def _split(name: str) -> Split:
    found: Split = registered(Split)[name]()
    return found
