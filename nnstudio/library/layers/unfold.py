"""Unfold."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._blocks import SlidingBlocks
from nnstudio.library.layers._windows import needs_channels, needs_room


class Unfold(
    SlidingBlocks,
    dimensions=2,
    formula="[B, C, H, W] → [B, C k k, places]",
    torch_class=nn.Unfold,
    aliases=("im2col", "patches", "sliding window"),
):
    """Cuts the image into overlapping patches and puts each into a column: what a convolution sees at each place."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_channels(kind, 2))
        yield from wrong
        if not wrong:
            kernel, padding, dilation = self.each(self.kernel_size), self.each(self.padding), self.each(self.dilation)
            yield from needs_room(kind.shape[1:], kernel, padding, dilation)

    def summary(self, *shapes: Shape) -> str:
        return f"{math.prod(self.places(shapes[0][1:]))} patches"
