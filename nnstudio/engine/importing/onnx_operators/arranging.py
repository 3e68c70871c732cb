"""Operators that put numbers into another order or shape, or side by side."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnstudio.core.data import TensorType
from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_merged import merged
from nnstudio.engine.importing.onnx_operators.table import axis_of, batch_of, layer, operator, sizes_of
from nnstudio.engine.importing.onnx_values import BATCHES, Known, type_of
from nnstudio.engine.importing.translate import Refused

# -- the same numbers --------------------------------------------------------------------------------------------------


@operator("Reshape")
def _reshape(work: Any, x: Any, shape: Any = None) -> Any:
    wire = work.wire(x)
    target = Known(np.array(work.attribute("shape"))) if shape is None else shape
    if isinstance(target, Tensor):
        raise Refused("the shape that it gives is computed from the rows")
    return reshaped(
        work, wire, lambda sizes, batch: filled(sizes, target.listed(batch), bool(work.attribute("allowzero")))
    )


@operator("Flatten")
def _flatten(work: Any, x: Any) -> Any:
    wire = work.wire(x)
    axis = work.attribute("axis", 1)
    axis = axis + wire.type.axes if axis < 0 else axis
    if axis == 1 and wire.type.batch_first and wire.type.axes > 2 and wire.type.rows == 1:
        return work.one(layer("Flatten"), wire)
    return reshaped(work, wire, lambda sizes, batch: [math.prod(sizes[:axis]), math.prod(sizes[axis:])])


def filled(sizes: list[int], target: list[int], allow_zero: bool) -> list[int]:
    """A target with its 0 (the size that was there) and its -1 (whatever is left) put in."""
    found = [sizes[place] if size == 0 and not allow_zero else size for place, size in enumerate(target)]
    if found.count(-1) > 1 or min(found, default=1) < -1:
        raise Refused(f"it gives the impossible shape {target}")
    if -1 in found:
        others = math.prod(size for size in found if size != -1)
        if not others or math.prod(sizes) % others:
            raise Refused(f"the shape {target} does not fit {sizes}")
        found[found.index(-1)] = math.prod(sizes) // others
    if math.prod(found) != math.prod(sizes):
        raise Refused(f"the shape {target} does not fit {sizes}")
    return found


def reshaped(work: Any, wire: Tensor, target: Any) -> Any:
    """A wire in another shape; `target` says the sizes for (the sizes there are, the number of rows)."""
    kind = wire.type
    try:
        shape, rows, axis = type_of(*(target(list(kind.sizes(batch)), batch) for batch in BATCHES))
    except Refused:
        batch = batch_of(work)  # a file for one number of rows names that number
        if batch is None or not kind.rows:
            raise
        sizes = target(list(kind.sizes(batch)), batch)
        if sizes[0] % batch:
            raise
        shape, rows, axis = tuple(sizes[1:]), sizes[0] // batch, 0
    if kind.rows and not rows:
        raise Refused("it makes a tensor in which the rows of the batch are not kept apart")
    if TensorType(shape, kind.dtype, rows, axis) == kind:
        return wire
    if not shape and kind.batch_first and rows == kind.rows and kind.size == 1:
        for _ in kind.shape:
            wire = work.one(layer("Squeeze", axis=-1), wire)
        return wire
    other = merged(work, wire, shape, rows, axis)
    if other is not None:
        return other
    if kind.batch_first and (rows, axis) == (kind.rows, 0) == (1, 0) and shape == (kind.size,):
        return work.one(layer("Flatten"), wire)
    place = axis if rows else None
    found = layer("Reshape", shape=shape, across_rows=rows != kind.rows, batch_axis=place)
    return work.one(found, wire)


@operator("Transpose")
def _transpose(work: Any, x: Any) -> Any:
    wire = work.wire(x)
    axes = wire.type.axes
    order = tuple(axis_of(axis, wire.type) for axis in work.attribute("perm", tuple(reversed(range(axes)))))
    if sorted(order) != list(range(axes)):
        raise Refused(f"it puts {axes} axes into the impossible order {list(order)}")
    moved = [axis for axis in range(axes) if order[axis] != axis]
    if not moved:
        return wire
    if len(moved) == 2:
        return work.one(layer("Transpose", first=moved[0], second=moved[1]), wire)
    return work.one(layer("Permute", order=order), wire)


def _listed(work: Any, axes: Any) -> tuple[int, ...] | None:
    found = work.fixed(axes)
    return work.attribute("axes") if found is None else tuple(map(int, found.reshape(-1)))


@operator("Squeeze")
def _squeeze(work: Any, x: Any, axes: Any = None) -> Any:
    wire = work.wire(x)
    listed = _listed(work, axes)
    sizes = sizes_of(wire.type)
    chosen = [place for place, size in enumerate(sizes) if size == 1] if listed is None else listed
    for axis in sorted((axis_of(axis, wire.type) for axis in chosen), reverse=True):
        wire = work.one(layer("Squeeze", axis=axis), wire)
    return wire


@operator("Unsqueeze")
def _unsqueeze(work: Any, x: Any, axes: Any = None) -> Any:
    wire = work.wire(x)
    listed = _listed(work, axes) or ()
    count = wire.type.axes + len(listed)
    for axis in sorted(axis + count if axis < 0 else axis for axis in listed):
        wire = work.one(layer("Unsqueeze", axis=axis), wire)
    return wire


@operator("DepthToSpace")
def _depth_to_space(work: Any, x: Any) -> Any:
    block = int(work.attribute("blocksize"))
    if work.attribute("mode", "DCR") == "CRD":
        return work.one(layer("PixelShuffle", upscale_factor=block), x)
    wire = work.wire(x)
    channels, height, width = wire.type.shape
    split = work.one(layer("Reshape", shape=(block, block, channels // block**2, height, width)), wire)
    turned = work.one(layer("Permute", order=(0, 3, 4, 1, 5, 2)), split)
    return work.one(layer("Reshape", shape=(channels // block**2, height * block, width * block)), turned)


@operator("SpaceToDepth")
def _space_to_depth(work: Any, x: Any) -> Any:
    block = int(work.attribute("blocksize"))
    wire = work.wire(x)
    channels, height, width = wire.type.shape
    split = work.one(layer("Reshape", shape=(channels, height // block, block, width // block, block)), wire)
    turned = work.one(layer("Permute", order=(0, 3, 5, 1, 2, 4)), split)
    return work.one(layer("Reshape", shape=(channels * block**2, height // block, width // block)), turned)


# -- more numbers ------------------------------------------------------------------------------------------------------


@operator("Expand")
def _expand(work: Any, x: Any, shape: Any) -> Any:
    wire = work.wire(x)
    kind = wire.type
    if not isinstance(shape, Known):
        raise Refused("the shape that it gives is computed from the rows")
    both = [list(np.broadcast_shapes(kind.sizes(batch), tuple(shape.listed(batch)))) for batch in BATCHES]
    wanted = TensorType(*_reordered(type_of(*both), kind.dtype))
    if wanted == kind:
        return wire
    new = wanted.axes - kind.axes
    before, after = (*(None,) * new, *sizes_of(kind)), sizes_of(wanted)
    found = tuple(-1 if place >= new and before[place] == size else size for place, size in enumerate(after))
    if wanted.rows and not kind.rows:
        if wanted.rows > 1:
            raise Refused(f"it repeats a tensor without a batch to {wanted.text}")
        if wanted.axis == 0:
            return work.one(layer("Expand", sizes=found[1:]), wire, work.rows_like())
        return _expanded_inside(work, wire, wanted)
    if None in found:
        raise Refused(f"it repeats rows of the batch: {kind.text} becomes {wanted.text}")
    return work.one(layer("Expand", sizes=found), wire)


def _reordered(found: tuple[tuple[int, ...], int, int], dtype: str) -> tuple[tuple[int, ...], str, int, int]:
    shape, rows, axis = found
    return shape, dtype, rows, axis


def _expanded_inside(work: Any, wire: Tensor, wanted: TensorType) -> Tensor:
    """A tensor without a batch, which gets one as an axis that is not the first."""
    axes = wanted.axes
    while wire.type.axes < axes:
        wire = work.one(layer("Unsqueeze", axis=0), wire)
    order = (wanted.axis, *(axis for axis in range(axes) if axis != wanted.axis))
    wire = work.one(layer("Permute", order=order), wire)
    wire = work.one(layer("Expand", sizes=wanted.shape), wire, work.rows_like())
    made: Tensor = work.one(layer("Permute", order=tuple(order.index(axis) for axis in range(axes))), wire)
    return made


@operator("Tile")
def _tile(work: Any, x: Any, repeats: Any, old: Any = None) -> Any:
    if isinstance(repeats, Known) and not repeats.constant:
        return _tiled_rows(work, work.wire(x), *(repeats.listed(batch) for batch in BATCHES))
    found = tuple(map(int, work.fixed(repeats).reshape(-1)))
    if all(count == 1 for count in found):
        return x
    return work.one(layer("Repeat", repeats=found), x)


def _tiled_rows(work: Any, wire: Tensor, first: list[int], second: list[int]) -> Any:
    """A tensor without a batch, of which every row gets a copy."""
    rows = (first[0], second[0]) == BATCHES and first[1:] == second[1:]
    if not rows or wire.type.rows or wire.type.shape[:1] != (1,) or len(first) != wire.type.axes:
        raise Refused("how often it repeats a tensor depends on the number of rows")
    made = work.one(layer("Expand", sizes=(-1,) * (len(first) - 1)), wire, work.rows_like())
    return made if set(first[1:]) <= {1} else work.one(layer("Repeat", repeats=(1, *first[1:])), made)


@operator("Concat")
def _concatenate(work: Any, *values: Any) -> Any:
    if len(values) == 1:
        return values[0]
    kind = next(value.type for value in values if isinstance(value, Tensor))
    axis = axis_of(work.attribute("axis", 1), kind)
    return work.one(layer("Concatenate", number_of_inputs=len(values), axis=axis), *values)


@operator("Pad")
def _pad(work: Any, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    wire = work.wire(x)
    count = wire.type.axes
    known = work.fixed(pads)
    listed = work.attribute("pads", work.attribute("paddings")) if known is None else tuple(map(int, known.reshape(-1)))
    places = work.fixed(axes)
    chosen = range(count) if places is None else [axis_of(axis, wire.type) for axis in places.reshape(-1)]
    if listed is None or len(listed) != 2 * len(chosen):
        raise Refused("it does not say how much is put around each axis")
    before, after = [0] * count, [0] * count
    for place, axis in enumerate(chosen):
        before[axis], after[axis] = listed[place], listed[place + len(chosen)]
    first = next((axis for axis in range(count) if before[axis] or after[axis]), None)
    if first is None:
        return wire
    mode = {"edge": "replicate", "wrap": "circular"}.get(
        work.attribute("mode", "constant"), work.attribute("mode", "constant")
    )
    if mode != "constant":  # torch takes these for one, two or three axes behind the channels
        first = max(min(first, 2), count - 3) if first >= 2 else first
    around = tuple(amount for axis in reversed(range(first, count)) for amount in (before[axis], after[axis]))
    found = work.fixed(value)
    number = float(found.reshape(-1)[0]) if found is not None else float(work.attribute("value", 0.0))
    number = max(min(number, 3.4e38), -3.4e38)
    return work.one(layer("Pad", padding=around, mode=mode, value=number if mode == "constant" else 0.0), wire)
