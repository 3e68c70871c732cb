"""What a layer makes of inputs of given types, found on torch's meta device: the code that trains, and no memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape

Types = tuple[TensorType | None, ...]

# Sizes of the batch that no other axis is likely to have: an axis of the output that is a multiple is the batch axis.
_BATCHES = (10_007, 10_009, 10_037, 10_039)


@dataclass(frozen=True)
class Evaluation:
    """What comes out, the parameters by name with their shapes, and torch's refusal (empty when there is none).

    `made` tells modules apart that cannot stand for each other: nodes that share one need the same.
    """

    outputs: tuple[TensorType, ...] = ()
    parameters: Mapping[str, Shape] = field(default_factory=dict)
    refused: str = ""
    made: str = ""


@lru_cache(maxsize=20_000)
def evaluate(layer: Layer, types: Types) -> Evaluation:
    """A layer on inputs of these types; None stands for an optional input without a wire."""
    shapes = tuple(kind.shape if kind is not None else None for kind in types)
    try:
        with torch.device("meta"), torch.no_grad():
            module = layer.build(*shapes)  # type: ignore[arg-type]
            parameters, made = _described(module)
            stated = layer.output_type(*types)  # type: ignore[arg-type]
            if stated is not None:
                return Evaluation(stated if isinstance(stated, tuple) else (stated,), parameters, "", made)
            batch = _batch(types)
            tensors = [_empty(kind, batch) for kind in types]
            if isinstance(module, nn.Module):
                module.eval()
            given = layer.apply(module, *tensors)
    except Exception as error:  # torch refuses with many classes; whatever it is, it is said at the node
        return Evaluation(refused=str(error).strip().split("\n")[0] or type(error).__name__)
    outputs = given if isinstance(given, tuple) else (given,)
    if layer.output_ports and len(outputs) != len(layer.output_ports):
        return Evaluation((), parameters, f"it makes {len(outputs)} outputs and has {len(layer.output_ports)} ports")
    found = []
    for output in outputs:
        kind = _type_of(output, batch)
        if isinstance(kind, str):
            return Evaluation((), parameters, kind)
        if not kind.batch_first and not layer.anywhere and any(other is not None for other in types):
            refused = f"the output {list(output.shape)} does not keep the rows of the batch apart"
            return Evaluation((), parameters, refused)
        found.append(kind)
    return Evaluation(tuple(found), parameters, "", made)


def _batch(types: Types) -> int:
    sizes = {size for kind in types if kind is not None for size in kind.shape}
    return next((batch for batch in _BATCHES if not any(size % batch == 0 for size in sizes)), _BATCHES[0])


def _empty(kind: TensorType | None, batch: int) -> torch.Tensor | None:
    return None if kind is None else torch.empty(kind.sizes(batch), dtype=getattr(torch, kind.dtype))


def _type_of(output: Any, batch: int) -> TensorType | str:
    """The type of a value, or what is wrong with it."""
    if not isinstance(output, torch.Tensor):
        return f"the output is no tensor but {type(output).__name__}"
    sizes, dtype = tuple(output.shape), str(output.dtype).removeprefix("torch.")
    if any(size == 0 for size in sizes):
        return f"the output would be empty: {list(sizes[1:])}"
    along = [axis for axis, size in enumerate(sizes) if size % batch == 0]
    if len(along) > 1:
        return "the output would hold every row beside every other one"
    if not along:
        return TensorType(sizes, dtype, rows=0)
    axis = along[0]
    return TensorType((*sizes[:axis], *sizes[axis + 1 :]), dtype, sizes[axis] // batch, axis)


def _described(module: Any) -> tuple[dict[str, Shape], str]:
    if module is None:
        return {}, ""
    if isinstance(module, nn.Parameter):
        return {"value": tuple(module.shape)}, f"parameter {tuple(module.shape)}"
    if isinstance(module, torch.Tensor):
        return {}, f"constant {tuple(module.shape)}"
    parameters = {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}
    return parameters, f"{module!r} {parameters}"
