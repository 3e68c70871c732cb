"""What the fractional pools have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._pooling import Indexed
from nnstudio.library.layers._spatial import PerAxis, ScalePerAxis, Spatial
from nnstudio.library.layers._windows import needs_channels


class FractionalPooling(Indexed, Spatial, abstract=True):
    """Keeps the largest value of windows that lie at random places."""

    category: ClassVar[str] = "Pooling"
    formula: ClassVar[str] = "y = max over windows at random distances"
    aliases: ClassVar[tuple[str, ...]] = ("random pooling", "pooling", "downsample")
    room: ClassVar[int] = 0  # how much larger than the windows need the input must be

    kernel_size: PerAxis = field(2, "How large the windows are.", minimum=1)
    output_size: PerAxis | None = field(None, "The size that comes out, where no ratio is given.", minimum=1)
    output_ratio: ScalePerAxis | None = field(
        0.5,
        "How large the output is beside the input, where no size is given.",
        minimum=0,
        maximum=1,
        above_minimum=True,
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_channels(kind, self.dimensions))
        yield from wrong
        if (self.output_size is None) == (self.output_ratio is None):
            got = "neither" if self.output_size is None else "both"
            yield Complaint("an output size or an output ratio", got, "Set one of them, and clear the other.")
        elif self.output_ratio is not None and max(self.each(self.output_ratio)) >= 1:
            yield Complaint("an output ratio below 1", f"{self.output_ratio}", "Use a smaller one.")
        elif not wrong:
            yield from self._check_size(kind.shape[1:])

    def _check_size(self, size: Shape) -> Iterable[Complaint]:
        output, kernel = self._size(size), self.each(self.kernel_size)
        if min(output) < 1:
            fix = "Use a larger output ratio, or less pooling before it."
            yield Complaint("an output of at least 1 along every axis", f"{words(output)} of {words(size)}", fix)
            return
        needed = [o + k - 1 + self.room for o, k in zip(output, kernel, strict=True)]
        if any(length < least for length, least in zip(size, needed, strict=True)):
            got = f"the {words(size)} input, too small for the kernel {words(kernel)} and the output {words(output)}"
            fix = "Use a smaller kernel or a smaller output."
            yield Complaint(f"an input of at least {words(needed)}", got, fix)

    def _size(self, size: Shape) -> tuple[int, ...]:
        if self.output_size is not None:
            return self.each(self.output_size)
        ratios: tuple[Any, ...] = self.each(self.output_ratio)
        return tuple(int(length * ratio) for length, ratio in zip(size, ratios, strict=True))

    def summary(self, *shapes: Shape) -> str:
        return f"to {words(self._size(shapes[0][1:]))}"
