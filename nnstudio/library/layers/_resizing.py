"""What the layers that resize have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._spatial import PerAxis, ScalePerAxis, Spatial
from nnstudio.library.layers._windows import needs_channels


class Resizing(Spatial, abstract=True):
    """Makes lines, images or volumes larger or smaller; a member without dimensions takes all of them."""

    category: ClassVar[str] = "Padding and resizing"
    formula: ClassVar[str] = "y[i] = x at i / s"
    aliases: ClassVar[tuple[str, ...]] = ("resize", "interpolate", "upsampling", "scale")

    size: PerAxis | None = field(None, "The size that comes out, where no factor is given.", minimum=1)
    scale_factor: ScalePerAxis | None = field(
        2.0, "How many times as large it becomes (s), where no size is given.", minimum=0, above_minimum=True
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(self.check_axes(kind))
        yield from wrong
        if (self.size is None) == (self.scale_factor is None):
            got = "neither" if self.size is None else "both"
            yield Complaint("a size or a scale factor", got, "Set one of them, and clear the other.")
        elif not wrong:
            output = self.resized(kind.shape[1:])
            if min(output) < 1:
                got = f"{words(output)} of {words(kind.shape[1:])}"
                yield Complaint("an output of at least 1 along every axis", got, "Use a larger scale factor.")

    def check_axes(self, kind: TensorType) -> Iterable[Complaint]:
        """What is wrong with the axes of the input."""
        yield from needs_channels(kind, self.dimensions)

    def resized(self, size: Shape) -> tuple[int, ...]:
        """The size that comes out of this one."""
        if self.size is not None:
            return self.size if isinstance(self.size, tuple) else (self.size,) * len(size)
        scale = self.scale_factor if isinstance(self.scale_factor, tuple) else (self.scale_factor or 1,) * len(size)
        return tuple(int(length * factor) for length, factor in zip(size, scale, strict=True))

    def summary(self, *shapes: Shape) -> str:
        return f"to {words(self.resized(shapes[0][1:]))}"
