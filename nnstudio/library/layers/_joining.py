"""Layers that join several inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import broadcast, keeps_rows_apart, sizes

# a to z, then in27, in28 and so on.
NAMES = (*"abcdefghijklmnopqrstuvwxyz", *(f"in{number}" for number in range(27, 65)))


class Joining(Layer, abstract=True):
    """Takes two to sixty-four inputs, called a, b, c and so on."""

    anywhere: ClassVar[bool] = True
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((6,)), TensorType((6,)))

    number_of_inputs: int = field(2, "How many inputs it has.", minimum=2, maximum=len(NAMES))

    @property
    def input_ports(self) -> tuple[Port, ...]:
        return tuple(Port(name) for name in NAMES[: self.number_of_inputs])

    def summary(self, *shapes: Shape) -> str:
        return f"{self.number_of_inputs} inputs"


def named(types: Sequence[TensorType], names: Sequence[str] = NAMES) -> str:
    """The inputs with the names of their ports: "a [B, 3] and b [B, 4]"."""
    return " and ".join(f"{name} {kind.text}" for name, kind in zip(names, types, strict=False))


def needs_one_type(types: Sequence[TensorType], names: Sequence[str] = NAMES) -> Iterable[Complaint]:
    """Whole numbers and numbers with a fraction are not combined unasked, unless one of them is a constant."""
    if {"int64", "float32"} <= {kind.dtype for kind in types if kind.rows}:
        yield Complaint("inputs of one type", named(types, names), "Add an Embedding or a Cast to the whole numbers.")


def needs_alike(types: Sequence[TensorType], names: Sequence[str] = NAMES) -> Iterable[Complaint]:
    """Inputs that are combined number by number."""
    wrong = list(needs_one_type(types, names))
    yield from wrong
    if not wrong:
        yield from needs_broadcast(types, names)


def needs_broadcast(types: Sequence[TensorType], names: Sequence[str] = NAMES) -> Iterable[Complaint]:
    """Shapes that fit together number by number, of which none is silently repeated along the rows."""
    every = named(types, names)
    result = broadcast(*map(sizes, types))
    batched = [kind for kind in types if kind.rows]
    if len({kind.axes - kind.axis for kind in batched}) > 1:
        if len({kind.axes for kind in batched}) > 1:
            yield Complaint("inputs with equally many axes", every, "Add a Reshape or a Flatten to one of them.")
        else:
            yield Complaint("inputs with the batch as the same axis", every, "Add a Permute to one of them.")
    elif result is None or not keeps_rows_apart(result):
        yield Complaint("inputs of one shape", every, "Add a Linear to one of them, so that the sizes agree.")
    elif not all(_fits(kind, batched) for kind in batched):
        yield Complaint(
            "inputs of one shape",
            f"{every}, which are broadcast: the axis of size 1 is repeated",
            "Make the sizes equal, if that is not meant.",
            severity="warning",
        )


def _fits(kind: TensorType, others: Sequence[TensorType]) -> bool:
    """Whether nothing of it is repeated, or it plainly is one number for each channel, as [B, C, 1, 1] is."""
    every = [sizes(other) for other in others]
    widest = broadcast(*every)
    own = sizes(kind)
    assert widest is not None
    if own == widest[-len(own) :]:
        return True
    agreeing = 0
    while agreeing < len(own) and own[agreeing] == widest[len(widest) - len(own) + agreeing]:
        agreeing += 1
    return agreeing > kind.axis + 1 and all(part == 1 for part in own[agreeing:])
