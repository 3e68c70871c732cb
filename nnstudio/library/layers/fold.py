"""Fold."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._blocks import SlidingBlocks
from nnstudio.library.layers._checks import needs_axes, needs_float, words
from nnstudio.library.layers._spatial import PerAxis


class Fold(
    SlidingBlocks,
    dimensions=2,
    formula="[B, C k k, places] → [B, C, H, W]",
    torch_class=nn.Fold,
    aliases=("col2im", "patches"),
    example=(TensorType((12, 49)),),
):
    """Puts patches back to their places in an image; where they overlap they are added."""

    output_size: PerAxis = field(8, "The height and width of the image.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = [*needs_float(kind), *needs_axes(kind, "B, C × kernel, places", "Use it on what Unfold gives.")]
        places, block = self.places(self.each(self.output_size)), math.prod(self.each(self.kernel_size))
        image = words(self.each(self.output_size))
        if min(places) < 1:
            got = f"an image of {image}, smaller than the kernel {words(self.each(self.kernel_size))}"
            wrong.append(Complaint("an image with room for a block", got, "Use a larger output size."))
        yield from wrong
        if wrong:
            return
        columns, count = kind.shape
        if columns % block:
            got = f"{columns} in {kind.text}"
            fix = "Use the kernel of the Unfold, or multiply the channels by it."
            yield Complaint(f"a multiple of {block} (the numbers of a kernel) on the second axis", got, fix)
        elif count != math.prod(places):
            got = f"{count} in {kind.text}"
            fix = "Use the size of the image that was unfolded, and the settings of the Unfold."
            needed = f"{math.prod(places)} blocks ({words(places)} in an image of {image}) on the last axis"
            yield Complaint(needed, got, fix)

    def summary(self, *shapes: Shape) -> str:
        return f"to {words(self.each(self.output_size))}"
