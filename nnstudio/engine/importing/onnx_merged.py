"""Tensors of a file in which the batch is one axis with others, as torch writes them on the way.

Multi-head attention puts the positions before the batch and makes one axis of both for its last linear layer; a mean of
images in another order of memory is written by the places of its numbers. In a drawing rows are kept apart, so such a
tensor is kept here as what it was made from, until it is taken apart again.
"""

from __future__ import annotations

import math
from typing import Any

from nnstudio.engine.importing.functions.table import layer
from nnstudio.engine.importing.merge import Tensor


class Merged:
    """[positions × B, *shape]: a wire [B, *positions, *shape], whose positions come before the batch in the file."""

    def __init__(self, wire: Tensor, positions: tuple[int, ...]) -> None:
        self.wire, self.positions = wire, positions

    def sizes(self, batch: int) -> list[int]:
        """The sizes that it has in the file."""
        return [math.prod(self.positions) * batch, *self.wire.type.shape[len(self.positions) :]]


class Flat:
    """All numbers of a wire, one after the other."""

    def __init__(self, wire: Tensor) -> None:
        self.wire = wire

    def sizes(self, batch: int) -> list[int]:
        """The sizes that it has in the file."""
        return [math.prod(self.wire.type.sizes(batch))]


class Steps:
    """What a recurrent operator gives: a wire [T, B, D × H], or [B, T, D × H], that the file has with other axes.

    `axes` are those of the file: "TDBH" as the operator gives it, "TBDH" and "TBH" on the way to the wire.
    """

    def __init__(self, wire: Tensor, directions: int, axes: str = "TDBH") -> None:
        self.wire, self.directions, self.axes = wire, directions, axes

    def sizes(self, batch: int) -> list[int]:
        """The sizes that it has in the file."""
        kind = self.wire.type
        length, width = kind.shape
        found = {"T": length, "B": kind.rows * batch, "D": self.directions, "H": width // self.directions}
        if self.axes == "TBH":
            found["H"] = width
        return [found[axis] for axis in self.axes]


def merged(work: Any, wire: Tensor, shape: tuple[int, ...], rows: int, axis: int) -> Merged | Flat | None:
    """What a wire is in such a shape; None where it is an ordinary tensor."""
    kind = wire.type
    if not shape and rows and kind.batch_first:
        return Flat(wire)
    positions = kind.shape[: kind.axis]
    if not kind.axis or not kind.rows or axis or rows != math.prod(positions):
        return None
    if math.prod(shape) * rows != kind.size * kind.rows:
        return None
    if kind.rows > 1:  # the heads of attention beside the batch: they belong to the row
        rest = kind.rows * math.prod(kind.shape[kind.axis :])
        wire = work.one(layer("Reshape", shape=(*positions, rest), batch_axis=kind.axis, across_rows=True), wire)
    axes = wire.type.axes
    wire = permuted(work, wire, (kind.axis, *(place for place in range(axes) if place != kind.axis)))
    if wire.type.shape != (*positions, *shape):
        wire = work.one(layer("Reshape", shape=(*positions, *shape)), wire)
    return Merged(wire, positions)


def permuted(work: Any, wire: Tensor, order: tuple[int, ...]) -> Tensor:
    """A wire with its axes in another order."""
    moved = [place for place, axis in enumerate(order) if place != axis]
    if not moved:
        return wire
    if len(moved) == 2:
        made: Tensor = work.one(layer("Transpose", first=moved[0], second=moved[1]), wire)
        return made
    made = work.one(layer("Permute", order=order), wire)
    return made
