"""Layers against torch: whatever the settings and the input, a layer refuses exactly what torch refuses.

`compare` is what the tests of the layers with windows and of the normalisations share.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch

import nnstudio.library  # noqa: F401
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import registered
from nnstudio.library.layers._padding import Padding, needs_rest
from nnstudio.library.layers._pooling import Pooling

LAYERS: dict[str, type[Layer]] = registered(Layer)


def refusals(layer: Layer, types: tuple[TensorType, ...]) -> list[Complaint]:
    """What the layer says against these inputs."""
    return [complaint for complaint in layer.check(*types) if complaint.severity == "error"]


def sizes_from_torch(layer: Layer, types: tuple[TensorType, ...], device: str, rows: int) -> list[tuple[int, ...]]:
    """The sizes of all outputs, from the real module; none where torch refuses or would give nothing."""
    try:
        with warnings.catch_warnings(), torch.device(device):
            warnings.simplefilter("ignore")
            module = layer.build(*(kind.shape for kind in types))
            tensors = [torch.zeros(kind.sizes(rows), dtype=getattr(torch, kind.dtype)) for kind in types]
            found = layer.apply(module.train(device == "cpu"), *tensors)  # some modules count batches: not on meta
    except Exception:  # whatever torch refuses with
        return []
    sizes = [tuple(tensor.shape) for tensor in (found if isinstance(found, tuple) else (found,))]
    return sizes if all(math.prod(size) for size in sizes) else []


def compare(layer: Layer, types: tuple[TensorType, ...], rows: int = 2) -> None:
    """The layer refuses these inputs exactly where torch does; where both take them, the meta device tells the size."""
    complaints, real = refusals(layer, types), sizes_from_torch(layer, types, "cpu", rows)
    if complaints and isinstance(layer, Padding) and needs_rest(types[0].shape[-layer.dimensions :], layer.sides()):
        return  # torch cuts the whole input away and pads what is no longer there
    assert bool(complaints) != bool(real), complaints or "torch refuses, and the layer says nothing"
    for complaint in complaints:
        assert complaint.needed and complaint.got and complaint.fix.endswith(".")
    if real:
        assert sizes_from_torch(layer, types, "meta", rows) == real
        assert len(real) == len(layer.output_ports)
        assert layer.summary(*(kind.shape for kind in types))
        comes_back(layer, types)


def comes_back(layer: Layer, types: tuple[TensorType, ...]) -> None:
    """The settings can be read from the module again."""
    shapes = [kind.shape for kind in types]
    module = layer.build(*shapes)
    again = type(layer).from_module(module)
    assert again == plain(layer)
    assert describe(again.build(*shapes)) == describe(module)


def describe(module: Any) -> dict[str, Any]:
    """What a module is, apart from its weights: its settings with one number for each axis, and its parameters."""
    settings = {name: value for name, value in vars(module).items() if not name.startswith("_") and name != "training"}
    if "kernel_size" in settings and settings.get("stride", 0) is None:
        settings["stride"] = settings["kernel_size"]
    spread = {name: (value,) * 3 if isinstance(value, (int, float)) else value for name, value in settings.items()}
    for name, value in spread.items():
        if isinstance(value, tuple) and len(set(value)) == 1:
            spread[name] = value[:1]
    return spread | {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


def plain(layer: Layer) -> Layer:
    """The same layer with each setting in its shortest form."""
    changes: dict[str, Any] = {}
    for setting in layer.settings():
        value = getattr(layer, setting.name)
        if isinstance(value, tuple) and len(set(value)) == 1:
            changes[setting.name] = value[0]
    short = layer.with_(**changes)
    has = {setting.name for setting in layer.settings()}
    if isinstance(short, Pooling) and short.stride == short.kernel_size:
        short = short.with_(stride=None)
    if type(layer).__name__.startswith("MaxUnpool"):  # the module is told it with each input
        short = short.with_(output_size=None)
    learns = getattr(short, "affine", getattr(short, "elementwise_affine", True))
    return short.with_(bias=True) if "bias" in has and not learns else short
