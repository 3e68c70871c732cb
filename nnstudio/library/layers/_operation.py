"""What operations on tensors have in common: they have no weights, and take tensors with or without a batch axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._joining import needs_alike


class Operation(Layer, abstract=True):
    """A function of torch without weights."""

    anywhere: ClassVar[bool] = True

    def summary(self, *shapes: Shape) -> str:
        return self.formula


class Function(Operation, abstract=True):
    """A function of each number by itself."""

    category: ClassVar[str] = "Mathematics"

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_numbers(types[0])


class Pairwise(Operation, abstract=True):
    """Combines two tensors number by number."""

    category: ClassVar[str] = "Combine"
    inputs: ClassVar[tuple[Port, ...]] = (Port("a"), Port("b"))
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((6,)), TensorType((6,)))

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_alike(types)


def needs_numbers(kind: TensorType) -> Iterable[Complaint]:
    """True and false cannot be computed with."""
    if kind.dtype == "bool":
        yield Complaint("numbers", "true or false (bool)", "Add a Cast before it.")


def needs_truth(kind: TensorType, name: str) -> Iterable[Complaint]:
    """A condition or a mask is true or false."""
    if kind.dtype != "bool":
        yield Complaint(
            "true or false (bool)", f"{name} {kind.text} ({kind.dtype})", "Add a Compare before it.", port=name
        )
