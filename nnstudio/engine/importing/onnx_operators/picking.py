"""Operators that take parts of a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_operators.table import axis_of, layer, operator, sizes_of
from nnstudio.engine.importing.onnx_values import Known
from nnstudio.engine.importing.translate import Refused

_MOST_PIECES = 8


@operator("Split")
def _split(work: Any, x: Any, split: Any = None) -> Any:
    wire = work.wire(x)
    axis = axis_of(work.attribute("axis", 0), wire.type)
    size = sizes_of(wire.type)[axis]
    if size is None:
        raise Refused("it splits the rows of the batch")
    found = work.fixed(split)
    count = len(work.operation.outputs)
    if found is not None:
        sizes = tuple(map(int, found.reshape(-1)))
    else:
        each = -(-size // int(work.attribute("num_outputs", count)))
        sizes = work.attribute("split") or tuple(min(each, size - start) for start in range(0, size, each))
    return _pieces(work, wire, axis, tuple(sizes))


def _pieces(work: Any, wire: Tensor, axis: int, sizes: tuple[int, ...]) -> list[Tensor]:
    """A tensor cut along an axis."""
    if len(sizes) == 1:
        return [wire]
    if len(sizes) <= _MOST_PIECES:
        made: list[Tensor] = work.add(layer("Split", sizes=sizes, axis=axis), wire)
        return made
    ends = np.cumsum(sizes)
    return [
        work.one(layer("Slice", axis=axis, start=int(end - length), stop=int(end)), wire)
        for end, length in zip(ends, sizes, strict=True)
    ]


@operator("SplitToSequence")
def _split_to_sequence(work: Any, x: Any, split: Any = None) -> Any:
    wire = work.wire(x)
    axis = axis_of(work.attribute("axis", 0), wire.type)
    size = sizes_of(wire.type)[axis]
    if size is None:
        raise Refused("it splits the rows of the batch")
    found = work.fixed(split)
    each = 1 if found is None else int(found.reshape(-1)[0])
    if found is not None and found.ndim:
        sizes = tuple(map(int, found.reshape(-1)))
    else:
        sizes = tuple(min(each, size - start) for start in range(0, size, max(each, 1)))
    pieces = _pieces(work, wire, axis, sizes)
    if found is None and not work.attribute("keepdims", 1):
        pieces = [work.one(layer("Squeeze", axis=axis), piece) for piece in pieces]
    return Sequence(pieces)


class Sequence:
    """Several tensors under one name in the file."""

    def __init__(self, items: list[Tensor]) -> None:
        self.items = items


@operator("SequenceAt")
def _at(work: Any, sequence: Any, place: Any) -> Any:
    if not isinstance(sequence, Sequence):
        raise Refused("it takes from what is no list of tensors")
    return sequence.items[int(work.fixed(place).reshape(-1)[0])]


@operator("Slice")
def _slice(work: Any, x: Any, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None) -> Any:
    wire = work.wire(x)
    first = [_numbers(work, value, name) for value, name in ((starts, "starts"), (ends, "ends"))]
    if first[0] is None or first[1] is None:
        raise Refused("it does not say what it takes")
    chosen = work.fixed(axes)
    listed = work.attribute("axes") if chosen is None else tuple(map(int, chosen.reshape(-1)))
    places = listed or tuple(range(len(first[0])))
    by = work.fixed(steps)
    strides = tuple(map(int, by.reshape(-1))) if by is not None else (1,) * len(places)
    for place, start, end, step in zip(places, first[0], first[1], strides, strict=True):
        axis = axis_of(place, wire.type)
        size = sizes_of(wire.type)[axis]
        if size is None:
            if start[0] == start[1] == 0 and step == 1 and _all_rows(wire, axis, end):
                continue
            raise Refused("it takes some rows of the batch; in a drawing every row is computed alike")
        if start[0] != start[1] or end[0] != end[1]:
            raise Refused("it takes a part whose length depends on the number of rows")
        taken = range(size)[slice(start[0], end[0], step)] if step > 0 else _backwards(size, start[0], end[0], step)
        if taken == range(size):
            continue
        if not len(taken):
            raise Refused("it takes nothing")
        if step == -1 and len(taken) == size:
            wire = work.one(layer("Flip", axes=(axis,)), wire)
        elif step < 0:
            wire = work.one(layer("IndexSelect", axis=axis, indices=tuple(taken)), wire)
        else:
            stop = None if taken.stop >= size else taken.stop
            wire = work.one(layer("Slice", axis=axis, start=taken.start, stop=stop, step=step), wire)
    return wire


def _numbers(work: Any, value: Any, name: str) -> list[tuple[int, int]] | None:
    """Whole numbers for both sizes of the batch."""
    if isinstance(value, Tensor):
        raise Refused("what it takes is computed from the rows")
    if value is None:
        listed = work.attribute(name)
        return None if listed is None else [(number, number) for number in listed]
    return [(int(a), int(b)) for a, b in zip(value.first.reshape(-1), value.second.reshape(-1), strict=True)]


def _all_rows(wire: Tensor, axis: int, end: tuple[int, int]) -> bool:
    from nnstudio.engine.importing.onnx_values import BATCHES

    return all(last >= wire.type.sizes(batch)[axis] for last, batch in zip(end, BATCHES, strict=True))


def _backwards(size: int, start: int, end: int, step: int) -> range:
    start = min(start + size if start < 0 else start, size - 1)
    end = max(end + size, -1) if -size <= end < 0 else max(end, -1)
    return range(start, end, step)


@operator("Gather")
def _gather(work: Any, data: Any, index: Any) -> Any:
    axis = int(work.attribute("axis", 0))
    if isinstance(index, Known):
        wire = work.wire(data)
        return _picked(work, wire, axis_of(axis, wire.type), index.fixed())
    if axis in (0, -2) and isinstance(data, Known) and data.first.ndim == 2:
        rows, width = data.first.shape
        if data.first.dtype == np.float32 and index.type.batch_first and data.learned:
            return work.module(layer("Embedding", num_embeddings=rows, embedding_dim=width), index, weight=data)
        return work.one(layer("EmbeddingFunction"), index, data)
    if isinstance(data, Tensor) and axis == 0 and not data.type.rows and data.type.axes == 2:
        return work.one(layer("EmbeddingFunction"), index, data)
    raise Refused("it picks entries by an index that is computed; there is no layer for that")


def _picked(work: Any, wire: Tensor, axis: int, places: np.ndarray) -> Tensor:
    """The entries at these places along an axis, which has the shape of the places afterwards."""
    sizes = list(sizes_of(wire.type))
    size = sizes[axis]
    if size is None:
        raise Refused("it picks some rows of the batch; in a drawing every row is computed alike")
    flat = [int(place) for place in places.reshape(-1)[:100_001]]
    if len(flat) > 100_000 or not all(-size <= place < size for place in flat):
        raise Refused(f"it picks entries that are not there: the axis has {size}")
    if places.ndim == 0:
        made: Tensor = work.one(layer("Select", axis=axis, index=flat[0]), wire)
        return made
    found: Tensor = work.one(layer("IndexSelect", axis=axis, indices=tuple(flat)), wire)
    if places.ndim == 1:
        return found
    return _shaped(work, found, (*sizes[:axis], *places.shape, *sizes[axis + 1 :]))


@operator("GatherElements")
def _gather_elements(work: Any, data: Any, index: Any) -> Any:
    axis = axis_of(work.attribute("axis", 0), work.wire(data).type)
    return work.one(layer("Gather", axis=axis), data, index)


@operator("OneHot")
def _one_hot(work: Any, index: Any, depth: Any, values: Any) -> Any:
    off_on = work.fixed(values).reshape(-1)
    axis = int(work.attribute("axis", -1))
    if list(off_on) != [0, 1] or axis not in (-1, work.wire(index).type.axes):
        raise Refused("there is no layer for numbers other than 0 and 1, or for an axis other than the last")
    made = work.one(layer("OneHot", num_classes=int(work.fixed(depth).reshape(-1)[0])), index)
    wanted = "float32" if off_on.dtype.kind == "f" else "int64"
    return made if made.type.dtype == wanted else work.one(layer("Cast", dtype=wanted), made)


@operator("Trilu")
def _triangle(work: Any, x: Any, k: Any = None) -> Any:
    wire = work.wire(x)
    height, width = wire.type.sizes(3)[-2:]
    offset = work.fixed(k)
    ones = np.ones((height, width), np.float32)
    shift = 0 if offset is None else int(offset.reshape(-1)[0])
    mask = np.triu(ones, shift) if work.attribute("upper", 1) else np.tril(ones, shift)
    if wire.type.dtype != "float32":
        raise Refused("there is no layer for it but for float32")
    return work.one(layer("Where"), Known(mask.astype(bool)), wire, Known(np.zeros((1, 1), np.float32)))


@operator("GatherND")
def _gather_many(work: Any, data: Any, index: Any) -> Any:
    """Entries of the first axes at known places: these axes as one, of which some are picked."""
    wire = work.wire(data)
    places = work.fixed(index)
    count = places.shape[-1]
    sizes = sizes_of(wire.type)
    if work.attribute("batch_dims", 0) or count > wire.type.axes or None in sizes[:count]:
        raise Refused("it picks by the rows of the batch; in a drawing every row is computed alike")
    lengths = np.array(sizes[:count], np.int64)
    if not ((places >= -lengths) & (places < lengths)).all():
        raise Refused("it picks entries that are not there")
    flat = np.ravel_multi_index(tuple(np.moveaxis(places % lengths, -1, 0)), tuple(lengths))
    rest = sizes[count:]
    merged = _shaped(work, wire, (int(lengths.prod()), *rest))
    return _picked(work, merged, 0, np.asarray(flat))


def _shaped(work: Any, wire: Tensor, sizes: tuple[int | None, ...]) -> Tensor:
    """A wire with these sizes, of which None is the batch."""
    if sizes_of(wire.type) == sizes:
        return wire
    batch = sizes.index(None) if None in sizes else None
    shape = tuple(size for size in sizes if size is not None)
    made: Tensor = work.one(layer("Reshape", shape=shape, batch_axis=batch), wire)
    return made
