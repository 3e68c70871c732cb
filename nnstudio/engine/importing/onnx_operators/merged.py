"""Operators on tensors in which the batch is one axis with others: see `onnx_merged`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnstudio.engine.importing.onnx_merged import Flat, Merged, Steps, permuted
from nnstudio.engine.importing.onnx_operators.arranging import filled, reshaped
from nnstudio.engine.importing.onnx_operators.table import OPERATORS, layer
from nnstudio.engine.importing.onnx_values import BATCHES, Known
from nnstudio.engine.importing.translate import Refused


def translate_merged(work: Any, given: list[Any]) -> Any:
    """What an operation makes of such a tensor. Raises Refused."""
    kind = work.operation.kind
    if isinstance(given[0], Steps) and (found := _of_steps(work, given[0], given[1:])) is not None:
        return found
    if any(isinstance(value, Steps) for value in given):
        plain = [materialised(work, value) if isinstance(value, Steps) else value for value in given]
        return OPERATORS[kind](work, *plain)
    if kind == "Reshape" and isinstance(given[1], Known):
        return _reshape(work, given[0], given[1])
    if kind == "Gather" and isinstance(given[0], Flat) and isinstance(given[1], Known):
        return _gather(work, given[0], given[1])
    others = [value for value in given if value is not None and not isinstance(value, Merged)]
    small = all(isinstance(value, Known) for value in others)
    if isinstance(given[0], Merged) and small and (kind in _ALONE or kind in ("Gemm", "MatMul")):
        if kind not in _ALONE and (work.attribute("transA", 0) or getattr(given[1], "first", np.zeros(1)).ndim != 2):
            raise Refused(_SENTENCE)
        made = OPERATORS[kind](work, given[0].wire, *given[1:])
        if made is None:  # drawn together with the operation behind it, whose value is then such a tensor too
            following = work.readers[work.operation.outputs[0]][0].outputs[0]
            work.values[following] = Merged(work.values[following], given[0].positions)
            return None
        return Merged(made, given[0].positions)
    if kind in _PAIRS and all(isinstance(value, Merged) or _is_row(value) for value in given):
        positions = next(value.positions for value in given if isinstance(value, Merged))
        if {value.positions for value in given if isinstance(value, Merged)} == {positions}:
            wires = [value.wire if isinstance(value, Merged) else value for value in given]
            return Merged(OPERATORS[kind](work, *wires), positions)
    raise Refused(_SENTENCE)


_SENTENCE = "it makes a tensor in which the rows of the batch are not kept apart"
_ALONE = frozenset("Relu Sigmoid Tanh Gelu Identity Dropout LeakyRelu Elu Abs Exp Neg Softplus HardSwish Erf".split())  # noqa: SIM905
_PAIRS = frozenset("Add Sub Mul Div".split())  # noqa: SIM905


def _is_row(value: Any) -> bool:
    return isinstance(value, Known) and value.first.ndim < 2


def _reshape(work: Any, value: Merged | Flat, shape: Known) -> Any:
    if isinstance(value, Flat):
        return reshaped(work, value.wire, lambda sizes, batch: filled([math.prod(sizes)], shape.listed(batch), False))
    targets = [filled(value.sizes(batch), shape.listed(batch), False) for batch in BATCHES]
    count = len(value.positions)
    wanted = [[*value.positions, batch] for batch in BATCHES]
    if [target[: count + 1] for target in targets] != wanted or targets[0][count + 1 :] != targets[1][count + 1 :]:
        raise Refused(_SENTENCE)
    wire = value.wire
    rest = tuple(targets[0][count + 1 :])
    if wire.type.shape != (*value.positions, *rest):
        wire = work.one(layer("Reshape", shape=(*value.positions, *rest)), wire)
    order = (*range(1, count + 1), 0, *range(count + 1, wire.type.axes))
    return permuted(work, wire, order)


def _gather(work: Any, value: Flat, index: Known) -> Any:
    """Entries by their places, where these are all of them in order: another shape, no more."""
    for batch, places in zip(BATCHES, (index.first, index.second), strict=True):
        count = value.sizes(batch)[0]
        if places.size != count or not np.array_equal(places.reshape(-1), np.arange(count)):
            raise Refused(_SENTENCE)
    shapes = dict(zip(BATCHES, (index.first.shape, index.second.shape), strict=True))
    return reshaped(work, value.wire, lambda sizes, batch: list(shapes[batch]))


def _of_steps(work: Any, value: Steps, others: list[Any]) -> Any:
    """What is still the same wire, in other axes; None where it has to be drawn as it is."""
    kind, wire = work.operation.kind, value.wire
    if kind == "Identity":
        return value
    if kind == "Transpose":
        order = tuple(work.attribute("perm", ()))
        if value.axes == "TDBH" and order == (0, 2, 1, 3):
            return Steps(wire, value.directions, "TBDH")
        if value.axes == "TBH" and order == (1, 0, 2) and wire.type.axis == 0:
            return wire
    if kind == "Squeeze" and value.axes == "TDBH" and value.directions == 1:
        known = others[0].fixed().reshape(-1) if others and others[0] is not None else work.attribute("axes", ())
        if [int(axis) % 4 for axis in known] == [1]:
            return _whole(value)
    if kind == "Reshape" and value.axes == "TBDH" and isinstance(others[0], Known):
        allow = bool(work.attribute("allowzero"))
        flat = Steps(wire, value.directions, "TBH")
        if all(filled(value.sizes(b), others[0].listed(b), allow) == flat.sizes(b) for b in BATCHES):
            return _whole(value)
    return None


def _whole(value: Steps) -> Any:
    """[T, B, D × H]: the wire itself where it has these axes."""
    return value.wire if value.wire.type.axis == 1 else Steps(value.wire, value.directions, "TBH")


def materialised(work: Any, value: Steps) -> Any:
    """A wire with the axes that the file has."""
    wire = value.wire
    if wire.type.axis == 0:
        wire = permuted(work, wire, (1, 0, 2))
    if value.axes == "TBH":
        return wire
    length, width = wire.type.shape
    sizes = (length, value.directions, width // value.directions)
    wire = work.one(layer("Reshape", shape=sizes, batch_axis=1), wire)
    return wire if value.axes == "TBDH" else permuted(work, wire, (0, 2, 1, 3))
