"""What Unfold and Fold have in common: blocks of an image that may overlap."""

from __future__ import annotations

from typing import ClassVar

from nnstudio.core.kinds import Shape
from nnstudio.core.spec import field
from nnstudio.library.layers._spatial import PerAxis, Spatial
from nnstudio.library.layers._windows import span


class SlidingBlocks(Spatial, abstract=True):
    """Goes between an image and a list of its blocks."""

    category: ClassVar[str] = "Convolution"

    kernel_size: PerAxis = field(2, "How large a block is.", minimum=1)
    dilation: PerAxis = field(1, "How far apart the numbers of a block lie.", minimum=1)
    padding: PerAxis = field(0, "How many zeros are put around the image.", minimum=0)
    stride: PerAxis = field(1, "How far apart the blocks lie; the size of a block for blocks side by side.", minimum=1)

    def places(self, size: Shape) -> tuple[int, ...]:
        """How many blocks there are along each axis of an image of this size; below 1 where it has no room."""
        reach = span(self.each(self.kernel_size), self.each(self.dilation))
        return tuple(
            (length + 2 * p - s) // step + 1
            for length, s, p, step in zip(size, reach, self.each(self.padding), self.each(self.stride), strict=True)
        )
