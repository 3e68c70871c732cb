"""Axes of a whole tensor, counted as torch counts them: the batch axis is one of them, usually axis 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint

Sizes = tuple[int | str, ...]  # the batch axis is a text: "B", or "4B"


def sizes(kind: TensorType) -> Sizes:
    """The sizes of all axes; the batch axis, whose size is not known, as a text."""
    if not kind.rows:
        return kind.shape
    batch = "B" if kind.rows == 1 else f"{kind.rows}B"
    return (*kind.shape[: kind.axis], batch, *kind.shape[kind.axis :])


def place(axis: int, axes: int) -> int | None:
    """The axis counted from the front; None where there is no such axis."""
    return axis % axes if -axes <= axis < axes else None


def is_batch(kind: TensorType, axis: int) -> bool:
    """Whether this axis is the batch axis."""
    return kind.rows > 0 and place(axis, kind.axes) == kind.axis


def size(kind: TensorType, axis: int) -> int:
    """How long an axis is that is not the batch axis."""
    found = sizes(kind)[axis]
    assert isinstance(found, int)
    return found


def needs_axis(kind: TensorType, axis: int) -> Iterable[Complaint]:
    """There is such an axis."""
    if place(axis, kind.axes) is not None:
        return
    got = f"axis {axis} on {kind.text}"
    if kind.axes:
        yield Complaint(f"an axis from {-kind.axes} to {kind.axes - 1}", got, "Use -1, the last axis.")
    else:
        yield Complaint("a tensor with axes", f"{got}, a single number", "Leave it out.")


def needs_row_axis(kind: TensorType, axis: int) -> Iterable[Complaint]:
    """There is such an axis, and it is not the batch axis, along which rows would be mixed."""
    yield from needs_axis(kind, axis)
    if is_batch(kind, axis):
        other = -2 if kind.axis == kind.axes - 1 else -1
        fix = f"Use {other}, the last axis of the row." if kind.shape else "Add an Unsqueeze before it."
        yield Complaint(f"an axis of the row (the batch is axis {kind.axis})", f"axis {axis} on {kind.text}", fix)


def needs_row_axes(kind: TensorType, axes: Sequence[int]) -> Iterable[Complaint]:
    """Each is an axis of the row, and none is named twice."""
    for axis in axes:
        wrong = list(needs_row_axis(kind, axis))
        yield from wrong
        if wrong:
            return
    if len({place(axis, kind.axes) for axis in axes}) < len(axes):
        listed = ", ".join(map(str, axes))
        yield Complaint("different axes", f"the axes {listed} of {kind.text}", "Name each axis once.")


def broadcast(*shapes: Sizes) -> Sizes | None:
    """The sizes that come out when axes of size 1 are repeated; None where the sizes do not fit."""
    length = max(map(len, shapes))
    padded = [(1,) * (length - len(shape)) + shape for shape in shapes]
    result: list[int | str] = []
    for column in zip(*padded, strict=True):
        different = set(column) - {1}
        if len(different) > 1:
            return None
        result.append(different.pop() if different else 1)
    return tuple(result)


def keeps_rows_apart(result: Sizes) -> bool:
    """Whether the batch is at most one axis of a result: with two, each row would meet each other row."""
    return sum(isinstance(part, str) for part in result) <= 1


def whole(number: float) -> float:
    """2.0 as 2, so that whole numbers stay whole and source is as a person types it."""
    return int(number) if number.is_integer() else number
