"""Functions that put numbers into another order or shape."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.engine.importing.functions.table import axis_of, entry, is_tensor, layer, sizes_of, together
from nnstudio.engine.importing.merge import Batch, Held, Tensor
from nnstudio.engine.importing.translate import Refused, Translation, tensors


def _result(work: Translation) -> Tensor:
    """What the event gives, which has one tensor."""
    return next(iter(tensors(work.event.result)))


# -- the same numbers --------------------------------------------------------------------------------------------------


@entry("view", "reshape", "view_as", "reshape_as", "unflatten", "ravel", "_unsafe_view")
def _reshape(work: Translation, input: Any, *shape: Any, **_: Any) -> Any:
    if any(isinstance(part, torch.dtype) for part in shape):
        raise Refused("it looks at the bits of numbers as another type")
    wire, wanted = work.wire(input), _result(work).type
    if wire.type == wanted:
        return wire
    if wire.type.batch_first and len(wire.type.shape) > 1 and wanted == replace(wire.type, shape=(wire.type.size,)):
        return work.add(layer("Flatten"), wire)
    if wire.type.rows and not wanted.shape:
        if wanted.rows != wire.type.rows:
            raise Refused(f"it puts all rows of the batch into one line: {wire.type.text} becomes {wanted.text}")
        return _squeeze(work, wire)
    kind = wire.type
    before, behind = kind.shape[: kind.axis], kind.shape[kind.axis :]
    if kind.rows and kind.axis and wanted == TensorType(wanted.shape, kind.dtype, kind.rows * math.prod(before)):
        work.lined.add(_result(work).number)
        if behind != wanted.shape:
            (wire,) = work.add(layer("Reshape", shape=(*before, *wanted.shape), batch_axis=kind.axis), wire)
        return wire
    axis = wanted.axis if wanted.rows else None
    settings = {"shape": wanted.shape, "across_rows": wanted.rows != wire.type.rows, "batch_axis": axis}
    return work.add(layer("Reshape", **settings), wire)


@entry("flatten")
def _flatten(work: Translation, input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    wire = work.wire(input)
    kind = wire.type
    first, last = axis_of(work, start_dim, kind), axis_of(work, end_dim, kind)
    if not kind.batch_first or not 0 < first < last:
        return _reshape(work, input)
    return work.add(layer("Flatten", start_dim=first, end_dim=-1 if last == kind.axes - 1 else last), wire)


@entry("permute")
def _permute(work: Translation, input: Any, *dims: Any) -> Any:
    wire = work.wire(input)
    order = tuple(axis_of(work, axis, wire.type) for axis in together(dims))
    return wire if list(order) == list(range(len(order))) else work.add(layer("Permute", order=order), wire)


@entry("transpose", "swapaxes", "swapdims")
def _transpose(work: Translation, input: Any, dim0: int, dim1: int) -> Any:
    return work.add(layer("Transpose", first=dim0, second=dim1), input)


@entry("t", "T", "mT")
def _turn(work: Translation, input: Any) -> Any:
    if work.event.name == "mT" or work.wire(input).type.axes == 2:
        return work.add(layer("Transpose", first=-2, second=-1), input)
    raise Refused("it turns the order of more or fewer than two axes round; write permute")


@entry("movedim", "moveaxis")
def _move(work: Translation, input: Any, source: Any, destination: Any) -> Any:
    kind = work.wire(input).type
    sources = [axis_of(work, axis, kind) for axis in (source if isinstance(source, tuple) else (source,))]
    places = [axis_of(work, axis, kind) for axis in (destination if isinstance(destination, tuple) else (destination,))]
    order = [axis for axis in range(kind.axes) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return work.add(layer("Permute", order=tuple(order)), input)


@entry("squeeze")
def _squeeze(work: Translation, input: Any, *dims: Any) -> Any:
    wire = work.wire(input)
    sizes = sizes_of(wire.type)
    found = together(dims)
    axes = [axis_of(work, axis, wire.type) for axis in found] if found else list(range(len(sizes)))
    for axis in sorted(axes, reverse=True):
        if sizes[axis] == 1:
            (wire,) = work.add(layer("Squeeze", axis=axis), wire)
    return wire


@entry("unsqueeze")
def _unsqueeze(work: Translation, input: Any, dim: int) -> Any:
    return work.add(layer("Unsqueeze", axis=dim), input)


@entry("flip", "fliplr", "flipud")
def _flip(work: Translation, input: Any, *dims: Any) -> Any:
    axes = together(dims) or ((1,) if work.event.name == "fliplr" else (0,))
    return work.add(layer("Flip", axes=axes), input)


@entry("roll")
def _roll(work: Translation, input: Any, shifts: Any, dims: Any = ()) -> Any:
    shifts = shifts if isinstance(shifts, tuple) else (shifts,)
    return work.add(layer("Roll", shifts=shifts, axes=dims if isinstance(dims, tuple) else (dims,)), input)


def windows(work: Translation, input: Any, axis: Any, size: Any, step: Any) -> Any:
    """`x.unfold(axis, size, step)` where the windows lie side by side: the axis is cut, and its parts go to the end."""
    wire = work.wire(input)
    kind, place = wire.type, axis_of(work, axis, wire.type)
    sizes = list(sizes_of(kind))
    whole = sizes[place]
    if whole is None or size != step or whole % size:
        raise Refused("it takes windows that overlap or leave something over; there is no layer for that")
    sizes[place : place + 1] = [whole // size, size]
    batch = sizes.index(None) if None in sizes else None
    shape = tuple(one for one in sizes if one is not None)
    (wire,) = work.add(layer("Reshape", shape=shape, batch_axis=batch), wire)
    order = [one for one in range(len(sizes)) if one != place + 1]
    return work.add(layer("Permute", order=(*order, place + 1)), wire)


# -- more numbers ------------------------------------------------------------------------------------------------------


@entry("expand", "expand_as", "broadcast_to")
def _expand(work: Translation, input: Any, *sizes: Any, **_: Any) -> Any:
    wire, wanted = work.wire(input), _result(work).type
    if wire.type == wanted:
        return wire
    if len(sizes) == 1 and isinstance(sizes[0], Tensor):
        return work.add(layer("Expand", sizes=None), wire, sizes[0])
    new = wanted.axes - wire.type.axes
    before = (*(None,) * new, *sizes_of(wire.type))
    after = sizes_of(wanted)
    found = tuple(
        -1 if place >= new and one == other else other
        for place, (one, other) in enumerate(zip(before, after, strict=True))
    )
    if wanted.rows and not wire.type.rows:
        if wanted.rows > 1 or wanted.axis:
            raise Refused(
                f"it repeats a tensor without a batch axis to {wanted.text}, whose first axis is not the batch"
            )
        return work.add(layer("Expand", sizes=found[1:]), wire, work.rows_like())
    if None in found:
        raise Refused(f"it repeats rows of the batch: {wire.type.text} becomes {wanted.text}")
    return work.add(layer("Expand", sizes=found), wire)


@entry("repeat", "tile")
def _repeat(work: Translation, input: Any, *repeats: Any, **named: Any) -> Any:
    wire = work.wire(input)
    found = list(together(repeats) or together(named.values()))
    new = len(found) - wire.type.axes
    if new < 0:
        found, new = [1] * -new + found, 0
    if isinstance(found[0], Batch) and not wire.type.rows:
        sizes = (*(1,) * new, *wire.type.shape)
        if sizes[0] != 1 or found[0].rows != 1:
            raise Refused("it lays several copies of a tensor along the batch")
        like = work.rows_like()
        (wire,) = work.add(layer("Expand", sizes=(1,) * (new - 1) + (-1,) * (len(sizes) - max(new, 1))), wire, like)
        found[0] = 1
    if any(isinstance(part, Batch) for part in found):
        raise Refused("it repeats a tensor as often as there are rows in the batch")
    if all(part == 1 for part in found) and len(found) == wire.type.axes:
        return wire
    return work.add(layer("Repeat", repeats=tuple(found)), wire)


@entry("repeat_interleave")
def _repeat_interleave(work: Translation, input: Any, repeats: Any, dim: Any = None, **_: Any) -> Any:
    kind = layer("RepeatInterleave")
    names = [setting.name for setting in kind.settings()]
    return work.add(layer("RepeatInterleave", **dict(zip(names, (repeats, dim), strict=True))), input)


# -- several tensors ---------------------------------------------------------------------------------------------------


def _many(argument: Any) -> list[Any]:
    found = list(argument) if isinstance(argument, tuple) else [argument]
    if not found or not all(map(is_tensor, found)):
        raise Refused("it needs several tensors")
    return found


@entry("cat", "concat", "concatenate")
def _concatenate(work: Translation, tensors: Any, dim: int = 0, axis: int | None = None) -> Any:
    found = _many(tensors)
    if len(found) == 1:
        return work.wire(found[0])
    place = dim if axis is None else axis
    return work.add(layer("Concatenate", number_of_inputs=len(found), axis=place), *found)


@entry("stack")
def _stack(work: Translation, tensors: Any, dim: int = 0) -> Any:
    found = _many(tensors)
    if len(found) == 1:
        return work.add(layer("Unsqueeze", axis=dim), found[0])
    return work.add(layer("Stack", number_of_inputs=len(found), axis=dim), *found)


@entry("hstack", "vstack", "dstack")
def _stacked(work: Translation, tensors: Any) -> Any:
    axis = {"hstack": 1, "vstack": 0, "dstack": 2}[work.event.name]
    if any(work.wire(one).type.axes <= axis for one in _many(tensors)):
        raise Refused("its tensors have too few axes")
    return _concatenate(work, tensors, axis)


@entry("chunk")
def _chunk(work: Translation, input: Any, chunks: int, dim: int = 0) -> Any:
    return work.add(layer("Chunk", chunks=chunks, axis=dim), input)


@entry("split", "split_with_sizes", "tensor_split")
def _split(work: Translation, tensor: Any, split_size: Any = None, dim: int = 0, **named: Any) -> Any:
    wire = work.wire(tensor)
    axis = axis_of(work, dim, wire.type)
    found = [sizes_of(piece.type)[axis] for piece in tensors(work.event.result)]
    if None in found:
        raise Refused("it splits the rows of the batch")
    return work.add(layer("Split", sizes=tuple(found), axis=dim), wire)


@entry("unbind")
def _unbind(work: Translation, input: Any, dim: int = 0) -> Any:
    count = len(list(tensors(work.event.result)))
    return [work.add(layer("Select", axis=dim, index=place), input)[0] for place in range(count)]


# -- parts of a tensor -------------------------------------------------------------------------------------------------


@entry("select")
def _select(work: Translation, input: Any, dim: int, index: Any) -> Any:
    return work.add(layer("Select", axis=dim, index=index), input)


@entry("narrow")
def _narrow(work: Translation, input: Any, dim: int, start: Any, length: Any) -> Any:
    return _slice(work, input, dim, start, start + length)


@entry("slice")
def _slice(work: Translation, input: Any, dim: int = 0, start: Any = None, end: Any = None, step: Any = 1) -> Any:
    wire = work.wire(input)
    axis = axis_of(work, dim, wire.type)
    size = sizes_of(wire.type)[axis]
    if size is None:
        if start in (None, 0) and (end is None or isinstance(end, Batch) or end == sys.maxsize) and step in (None, 1):
            return wire
        raise Refused("it takes some rows of the batch; in a drawing every row is computed alike")
    if isinstance(start, Batch) or isinstance(end, Batch):
        raise Refused("it takes a part whose length depends on the size of the batch")
    if range(size)[slice(start, end, step)] == range(size):
        return wire
    end = None if end is not None and end >= size else end
    return work.add(layer("Slice", axis=dim, start=start or 0, stop=end, step=step or 1), wire)


@entry("index_select")
def _index_select(work: Translation, input: Any, dim: int, index: Any) -> Any:
    if not isinstance(index, Held):
        raise Refused("it picks entries by an index that is computed")
    return work.add(layer("IndexSelect", axis=dim, indices=tuple(index.tensor.flatten().tolist())), input)


@entry("gather", "take_along_dim")
def _gather(work: Translation, input: Any, dim: int, index: Any, **_: Any) -> Any:
    return work.add(layer("Gather", axis=dim), input, index)


@entry("__getitem__")
def _item(work: Translation, input: Any, index: Any) -> Any:
    """`x[:, 0, None, ..., 1:]`: one step for each part that does something."""
    wire = work.wire(input)
    parts = list(index) if isinstance(index, tuple) else [index]
    if isinstance(index, tuple) and index and all(isinstance(part, int) for part in index) and _is_list(work):
        parts = [Held(torch.tensor(index))]
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    if Ellipsis in [part for part in parts if not is_tensor(part)]:
        place = next(place for place, part in enumerate(parts) if part is Ellipsis)
        parts[place : place + 1] = [slice(None)] * (wire.type.axes - taken)
    axis = 0
    for part in parts:
        if part is None:
            (wire,) = work.add(layer("Unsqueeze", axis=axis), wire)
            axis += 1
        elif isinstance(part, slice):
            made = _slice(work, wire, axis, part.start, part.stop, part.step)
            wire = made if isinstance(made, Tensor) else made[0]
            axis += 1
        elif isinstance(part, int) and not isinstance(part, bool):
            (wire,) = work.add(layer("Select", axis=axis, index=part), wire)
        elif isinstance(part, Held) and part.tensor.dtype == torch.int64 and part.axis is None:
            if sum(map(is_tensor, parts)) > 1:
                raise Refused("it picks entries along several axes at once")
            wire = _picked(work, wire, axis, part.tensor)
            axis += part.tensor.dim()
        elif isinstance(part, tuple) and all(isinstance(one, int) for one in part):
            wire = _picked(work, wire, axis, torch.tensor(part))
            axis += 1
        else:
            raise Refused("it picks entries by what is computed or by true and false, for which there is no layer")
    return wire


@entry("index")
def _index(work: Translation, input: Any, indices: Any) -> Any:
    """`aten.index`: a tensor of places for each axis, or None where all is taken."""
    return _item(work, input, tuple(slice(None) if part is None else part for part in indices))


@entry("__setitem__")
def _put(work: Translation, *_: Any) -> Any:
    raise Refused("it writes into a part of a tensor, for which there is no layer: write torch.where or torch.cat")


def _is_list(work: Translation) -> bool:
    """Whether the brackets hold a list of places: the recording knows lists and tuples alike, so the result tells."""
    (result,) = tensors(work.event.result)
    wire = work.wire(work.event.args[0])
    return result.type.axes == wire.type.axes


def _picked(work: Translation, wire: Tensor, axis: int, places: torch.Tensor) -> Tensor:
    """The entries at these places along an axis, which has the shape of the places afterwards."""
    if places.dim() == 0:
        return work.add(layer("Select", axis=axis, index=int(places)), wire)[0]
    (wire,) = work.add(layer("IndexSelect", axis=axis, indices=tuple(places.flatten().tolist())), wire)
    if places.dim() == 1:
        return wire
    sizes = list(sizes_of(wire.type))
    sizes[axis : axis + 1] = list(places.shape)
    batch = sizes.index(None) if None in sizes else None
    shape = tuple(size for size in sizes if size is not None)
    return work.add(layer("Reshape", shape=shape, batch_axis=batch), wire)[0]
