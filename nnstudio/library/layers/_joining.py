"""Layers that join several inputs."""

from __future__ import annotations

from collections.abc import Iterable

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field

_NAMES = "abcdefgh"


class Joining(Layer, abstract=True):
    """Takes two to eight inputs, called a, b, c and so on."""

    number_of_inputs: int = field(2, "How many inputs it has.", minimum=2, maximum=len(_NAMES))

    @property
    def input_ports(self) -> tuple[Port, ...]:
        return tuple(Port(name) for name in _NAMES[: self.number_of_inputs])

    def summary(self, *shapes: Shape) -> str:
        return f"{self.number_of_inputs} inputs"


def named(types: tuple[TensorType, ...]) -> str:
    """The inputs with the names of their ports: "a [B, 3] and b [B, 4]"."""
    return " and ".join(f"{name} {kind.text}" for name, kind in zip(_NAMES, types, strict=False))


def needs_alike(types: tuple[TensorType, ...]) -> Iterable[Complaint]:
    """Inputs that are combined number by number."""
    every = named(types)
    if len({kind.dtype for kind in types}) > 1:
        yield Complaint("inputs of one type", every, "Add an Embedding to the whole numbers.")
        return
    shapes = {kind.shape for kind in types}
    if len(shapes) == 1:
        return
    if len({len(shape) for shape in shapes}) > 1:
        yield Complaint("inputs with equally many axes", every, "Add a Reshape or a Flatten to one of them.")
        return
    sizes = [set(axis) - {1} for axis in zip(*shapes, strict=True)]
    if any(len(axis) > 1 for axis in sizes):
        yield Complaint("inputs of one shape", every, "Add a Linear to one of them, so that the sizes agree.")
    else:
        yield Complaint(
            "inputs of one shape",
            f"{every}, which are broadcast: the axis of size 1 is repeated",
            "Make the sizes equal, if that is not meant.",
            severity="warning",
        )
