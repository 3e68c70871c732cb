"""What the layers that put something around their input have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._spatial import PerAxis, Spatial
from nnstudio.library.layers._windows import needs_lines


class Padding(Spatial, abstract=True):
    """Puts something around the last axes; the settings hold one number for each side."""

    category: ClassVar[str] = "Padding and resizing"
    numbers: ClassVar[int] = 2
    mode: ClassVar[str] = "zeros"

    padding: PerAxis = field(
        1,
        "How much is put at each side: left, right, top, bottom, front, back; a negative number cuts away.",
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_lines(kind, self.dimensions))
        yield from wrong
        if not wrong:
            size = kind.shape[-self.dimensions :]
            sides = self.sides()
            yield from needs_rest(size, sides) or needs_sides(size, sides, self.mode)

    def sides(self) -> list[tuple[int, int]]:
        """What is put before and behind each axis, in the order of the axes."""
        flat = self.each(self.padding)
        return [(flat[i], flat[i + 1]) for i in range(len(flat) - 2, -1, -2)]

    def summary(self, *shapes: Shape) -> str:
        grown = [size + sum(both) for size, both in zip(shapes[0][-self.dimensions :], self.sides(), strict=True)]
        return f"to {words(grown)}"


class ReflectionPadding(Padding, abstract=True):
    """Padding with the mirror image."""

    mode: ClassVar[str] = "reflect"
    formula: ClassVar[str] = "[a, b, c] → [b, a, b, c, b]"
    aliases: ClassVar[tuple[str, ...]] = ("reflect padding", "mirror padding")


class ReplicationPadding(Padding, abstract=True):
    """Padding with the edge."""

    mode: ClassVar[str] = "replicate"
    formula: ClassVar[str] = "[a, b, c] → [a, a, b, c, c]"
    aliases: ClassVar[tuple[str, ...]] = ("replicate padding", "edge padding")


class CircularPadding(Padding, abstract=True):
    """Padding with the other side."""

    mode: ClassVar[str] = "circular"
    formula: ClassVar[str] = "[a, b, c] → [c, a, b, c, a]"
    aliases: ClassVar[tuple[str, ...]] = ("wrap padding", "periodic padding")


class NumberPadding(Padding, abstract=True):
    """Padding with a number, which needs no channels."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        if len(kind.shape) < self.dimensions:
            axes = self.dimensions + 1
            yield Complaint(f"at least {axes} axes, the batch first", kind.text, "Add a Reshape before it.")
        else:
            yield from needs_rest(kind.shape[-self.dimensions :], self.sides())


class ZeroPadding(NumberPadding, abstract=True):
    """Padding with zeros."""

    formula: ClassVar[str] = "[a, b, c] → [0, a, b, c, 0]"
    aliases: ClassVar[tuple[str, ...]] = ("zero padding", "crop")


class ConstantPadding(NumberPadding, abstract=True):
    """Padding with a number of one's own."""

    formula: ClassVar[str] = "[a, b, c] → [v, a, b, c, v]"
    aliases: ClassVar[tuple[str, ...]] = ("constant padding", "crop")

    value: float = field(0.0, "The number v that is put there.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from super().check(*types)
        if types[0].dtype != "float32" and not self.value.is_integer():
            yield Complaint("a whole number to put beside whole numbers", f"{self.value:g}", "Choose a whole number.")


def needs_rest(size: Shape, sides: Sequence[tuple[int, int]]) -> list[Complaint]:
    """Cutting must leave something."""
    away = [-min(before, 0) - min(after, 0) for before, after in sides]
    if all(cut < length for cut, length in zip(away, size, strict=True)):
        return []
    return [
        Complaint(
            "an output of at least 1 along every axis",
            f"padding that cuts {words(away)} away from {words(size)}",
            "Cut away less.",
        )
    ]


def needs_sides(size: Shape, sides: Sequence[tuple[int, int]], mode: str) -> Iterable[Complaint]:
    """A mirror image and the other side reach no further than the input itself."""
    short = {"reflect": 1, "circular": 0}.get(mode)
    if short is None or all(max(both) <= length - short for length, both in zip(size, sides, strict=True)):
        return
    most = words(length - short for length in size)
    yield Complaint(
        f"padding of at most {most} for padding with {'the mirror image' if short else 'the other side'}",
        f"padding {words(max(both) for both in sides)} around the {words(size)} input",
        "Use less padding, or another kind of it.",
    )
