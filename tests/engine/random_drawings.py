"""Random valid drawings, and what they mean according to someone who has never seen the compiler."""

from __future__ import annotations

import functools
import math
import operator
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from engine.projects import layer
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph, id_order
from nnstudio.core.kinds import Layer
from nnstudio.library.layers.step import StepModule

Shape = tuple[int, ...]


# -- drawing -----------------------------------------------------------------------------------------------------------


@dataclass
class Sketch:
    """A drawing while it grows: layers with the numbers of those that feed them, and the shape of each output."""

    layers: list[Layer]
    sources: list[tuple[int, ...]]
    shapes: list[Shape]

    def put(self, item: Layer, sources: tuple[int, ...], shape: Shape) -> int:
        self.layers.append(item)
        self.sources.append(sources)
        self.shapes.append(shape)
        return len(self.layers) - 1

    def graph(self, rng: random.Random) -> Graph:
        """The drawing, with the nodes made in any order."""
        order = list(range(len(self.layers)))
        rng.shuffle(order)
        graph, ids = Graph(), {}
        for number in order:
            graph, node = graph.add(self.layers[number], (rng.uniform(-999, 999), rng.uniform(-999, 999)))
            ids[number] = node
        for number, sources in enumerate(self.sources):
            ports = ids[number].layer.input_ports
            for source, port in zip(sources, ports, strict=True):
                graph = graph.wire(ids[source], ids[number], port.name)
        return graph


def random_drawing(seed: int, joined: bool | None = None) -> tuple[Graph, TensorType]:
    """A valid drawing and the type of its input. With `joined`, every node leads to the Output."""
    rng = random.Random(seed)
    kind = rng.choice(["vector", "image", "sequence", "tokens"])
    shape: Shape = {
        "vector": (rng.randint(1, 6),),
        "image": (rng.randint(1, 4), rng.randint(4, 8), rng.randint(4, 8)),
        "sequence": (rng.randint(1, 4), rng.randint(4, 9)),
        "tokens": (rng.randint(1, 5),),
    }[kind]
    sketch = Sketch([layer("Input")], [()], [shape])
    numbers = [0]
    if kind == "tokens":
        size = rng.randint(1, 4)
        numbers = [sketch.put(layer("Embedding", num_embeddings=10, embedding_dim=size), (0,), (*shape, size))]
    for _ in range(rng.randint(1, 9)):
        numbers.append(_grow(sketch, numbers, rng))
    if joined if joined is not None else rng.random() < 0.7:
        _join(sketch, numbers, rng)
    sketch.put(layer("Output"), (len(sketch.layers) - 1,), ())
    return sketch.graph(rng), TensorType(shape, "int64" if kind == "tokens" else "float32")


def _grow(sketch: Sketch, numbers: list[int], rng: random.Random) -> int:
    source = rng.choice(numbers[-3:])
    shape = sketch.shapes[source]
    if rng.random() < 0.35:
        alike = [number for number in numbers if sketch.shapes[number] == shape]
        chosen = tuple(rng.choice(alike) for _ in range(rng.randint(2, 3)))
        name = rng.choice(["Add", "Multiply", "Concatenate"])
        if name != "Concatenate":
            return sketch.put(layer(name, number_of_inputs=len(chosen)), chosen, shape)
        axis = rng.randint(1, len(shape))
        longer = (*shape[: axis - 1], shape[axis - 1] * len(chosen), *shape[axis:])
        return sketch.put(layer(name, number_of_inputs=len(chosen), axis=axis), chosen, longer)
    if len(shape) == 1 and rng.random() < 0.15:
        other = rng.choice([number for number in numbers if len(sketch.shapes[number]) == 1])
        size = rng.randint(1, 5)
        return sketch.put(layer("Bilinear", out_features=size, bias=rng.random() < 0.5), (source, other), (size,))
    item, after = _any_layer(shape, rng)
    return sketch.put(item, (source,), after)


def _any_layer(shape: Shape, rng: random.Random) -> tuple[Layer, Shape]:
    """A layer that takes this shape, and the shape that comes out of it."""
    names = ["ReLU", "Tanh", "Sigmoid", "GELU", "LeakyReLU", "Softmax", "Step", "Dropout", "LayerNorm", "Linear"]
    names += ["Linear"] * 3 if len(shape) == 1 else ["Flatten", "Reshape"]
    names += {1: ["BatchNorm1d"], 2: ["BatchNorm1d", "Conv1d", "Conv1d", "MaxPool1d"]}.get(
        len(shape), ["BatchNorm2d", "Conv2d", "Conv2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d"]
    )
    name = rng.choice(names)
    if name == "Linear":
        size = rng.randint(1, 8)
        return layer(name, out_features=size, bias=rng.random() < 0.8), (*shape[:-1], size)
    if name == "Flatten":
        return layer(name), (math.prod(shape),)
    if name == "Reshape":
        sizes = [size for size in range(1, math.prod(shape) + 1) if math.prod(shape) % size == 0]
        first = rng.choice(sizes)
        after = rng.choice([(first, math.prod(shape) // first), (1, first, math.prod(shape) // first)])
        return layer(name, shape=after), after
    if name == "Softmax":
        return layer(name, dim=rng.choice([-1, len(shape)])), shape
    if name == "Dropout":
        return layer(name, p=rng.choice([0.0, 0.25, 0.5, 1.0])), shape
    if name == "LayerNorm":
        return layer(name, elementwise_affine=rng.random() < 0.8), shape
    if name.startswith("BatchNorm"):
        return layer(name, affine=rng.random() < 0.8, momentum=rng.choice([0.1, 0.5])), shape
    if name == "AdaptiveAvgPool2d":
        size = (rng.randint(1, 3), rng.randint(1, 3))
        return layer(name, output_size=size), (shape[0], *size)
    if name.startswith("Conv"):
        return _convolution(name, shape, rng)
    if "Pool" in name:
        return _pool(name, shape, rng)
    return layer(name), shape


def _convolution(name: str, shape: Shape, rng: random.Random) -> tuple[Layer, Shape]:
    kernel, stride, padding = rng.randint(1, min(3, *shape[1:])), rng.randint(1, 2), rng.randint(0, 2)
    dilation = rng.randint(1, 2)
    if any(size + 2 * padding < dilation * (kernel - 1) + 1 for size in shape[1:]):
        dilation, kernel = 1, 1
    groups = rng.choice([n for n in range(1, shape[0] + 1) if shape[0] % n == 0])
    channels = groups * rng.randint(1, 3)
    after = [(size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for size in shape[1:]]
    item = layer(
        name, out_channels=channels, kernel_size=kernel, stride=stride, padding=padding, dilation=dilation,
        groups=groups, bias=rng.random() < 0.8,
    )  # fmt: skip
    return item, (channels, *after)


def _pool(name: str, shape: Shape, rng: random.Random) -> tuple[Layer, Shape]:
    kernel = rng.randint(1, min(3, *shape[1:]))
    stride = rng.choice([None, 1, 2])
    padding = rng.randint(0, kernel // 2)
    item = layer(name, kernel_size=kernel, stride=stride, padding=padding)
    after = [(size + 2 * padding - kernel) // (stride or kernel) + 1 for size in shape[1:]]
    return item, (shape[0], *after)


def _join(sketch: Sketch, numbers: list[int], rng: random.Random) -> None:
    """Bring every loose end together, as lines."""
    used = {source for sources in sketch.sources for source in sources}
    ends = []
    for number in range(len(sketch.layers)):
        if number not in used:
            length = math.prod(sketch.shapes[number])
            ends.append(
                sketch.put(layer("Flatten"), (number,), (length,)) if len(sketch.shapes[number]) > 1 else number
            )
    while len(ends) > 1:
        few, ends = ends[:8], ends[8:]
        length = sum(math.prod(sketch.shapes[number]) for number in few)
        ends.append(sketch.put(layer("Concatenate", number_of_inputs=len(few)), tuple(few), (length,)))
    size = rng.randint(1, 4)
    sketch.put(layer("Linear", out_features=size), (ends[0],), (size,))


def rows(input_type: TensorType, count: int, seed: int) -> torch.Tensor:
    """Rows of the input."""
    generator = torch.Generator().manual_seed(seed)
    if input_type.dtype == "int64":
        return torch.randint(0, 10, (count, *input_type.shape), generator=generator)
    return torch.randn((count, *input_type.shape), generator=generator)


# -- meaning -----------------------------------------------------------------------------------------------------------

MODULES: dict[str, Callable[[Any, Any], nn.Module]] = {
    "Linear": lambda s, a: nn.Linear(a[0][-1], s.out_features, s.bias),
    "Bilinear": lambda s, a: nn.Bilinear(a[0][-1], a[1][-1], s.out_features, s.bias),
    "Embedding": lambda s, a: nn.Embedding(s.num_embeddings, s.embedding_dim),
    "Conv1d": lambda s, a: nn.Conv1d(
        a[0][0], s.out_channels, s.kernel_size, s.stride, s.padding, s.dilation, s.groups, s.bias
    ),
    "Conv2d": lambda s, a: nn.Conv2d(
        a[0][0], s.out_channels, s.kernel_size, s.stride, s.padding, s.dilation, s.groups, s.bias
    ),
    "MaxPool1d": lambda s, a: nn.MaxPool1d(s.kernel_size, s.stride, s.padding, ceil_mode=s.ceil_mode),
    "MaxPool2d": lambda s, a: nn.MaxPool2d(s.kernel_size, s.stride, s.padding, ceil_mode=s.ceil_mode),
    "AvgPool2d": lambda s, a: nn.AvgPool2d(s.kernel_size, s.stride, s.padding, ceil_mode=s.ceil_mode),
    "AdaptiveAvgPool2d": lambda s, a: nn.AdaptiveAvgPool2d(s.output_size),
    "BatchNorm1d": lambda s, a: nn.BatchNorm1d(a[0][0], s.eps, s.momentum, s.affine),
    "BatchNorm2d": lambda s, a: nn.BatchNorm2d(a[0][0], s.eps, s.momentum, s.affine),
    "LayerNorm": lambda s, a: nn.LayerNorm(a[0][-1], s.eps, s.elementwise_affine),
    "Dropout": lambda s, a: nn.Dropout(s.p),
    "Flatten": lambda s, a: nn.Flatten(),
    "ReLU": lambda s, a: nn.ReLU(),
    "LeakyReLU": lambda s, a: nn.LeakyReLU(s.negative_slope),
    "Tanh": lambda s, a: nn.Tanh(),
    "Sigmoid": lambda s, a: nn.Sigmoid(),
    "GELU": lambda s, a: nn.GELU(s.approximate),
    "Softmax": lambda s, a: nn.Softmax(dim=s.dim),
    "Step": lambda s, a: StepModule(),
}
OPERATIONS: dict[str, Callable[..., torch.Tensor]] = {
    "Input": lambda s, x: x,
    "Output": lambda s, x: x,
    "Add": lambda s, *x: functools.reduce(operator.add, x),
    "Multiply": lambda s, *x: functools.reduce(operator.mul, x),
    "Concatenate": lambda s, *x: torch.cat(x, s.axis),
    "Reshape": lambda s, x: x.reshape(len(x), *s.shape),
}


class Reference(nn.Module):
    """The drawing, node by node: in each turn the node made first among those whose inputs are there."""

    def __init__(self, graph: Graph, example: torch.Tensor) -> None:
        super().__init__()
        self.graph = graph
        self.order = self._alive_in_order()
        self.parts = nn.ModuleDict()
        values = {}
        with torch.no_grad():
            for node_id in self.order:
                given = self._given(node_id, values, example)
                name = type(graph.nodes[node_id].layer).__name__
                if name in MODULES:
                    part = MODULES[name](graph.nodes[node_id].layer, [tuple(x.shape[1:]) for x in given])
                    self.parts[node_id] = part
                    values[node_id] = part.eval()(*given)
                else:
                    values[node_id] = OPERATIONS[name](graph.nodes[node_id].layer, *given)
        self.train()

    def _alive_in_order(self) -> list[str]:
        graph = self.graph
        alive = {node_id for node_id, node in graph.nodes.items() if type(node.layer).__name__ == "Output"}
        while more := {edge.source for edge in graph.edges if edge.target in alive} - alive:
            alive |= more
        done: list[str] = []
        while len(done) < len(alive):
            ready = [
                node_id
                for node_id in alive
                if node_id not in done and {edge.source for edge in graph.edges if edge.target == node_id} <= set(done)
            ]
            done.append(min(ready, key=id_order))
        return done

    def _given(self, node_id: str, values: dict[str, torch.Tensor], x: torch.Tensor) -> list[torch.Tensor]:
        ports = self.graph.nodes[node_id].layer.input_ports
        sources = {edge.target_port: edge.source for edge in self.graph.edges if edge.target == node_id}
        return [values[sources[port.name]] for port in ports] or [x]

    def values(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        values: dict[str, torch.Tensor] = {}
        for node_id in self.order:
            item, given = self.graph.nodes[node_id].layer, self._given(node_id, values, x)
            if node_id in self.parts:
                values[node_id] = self.parts[node_id](*given)
            else:
                values[node_id] = OPERATIONS[type(item).__name__](item, *given)
        return values

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        (output,) = (i for i in self.order if type(self.graph.nodes[i].layer).__name__ == "Output")
        return self.values(x)[output]
