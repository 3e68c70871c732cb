"""PixelUnshuffle."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._shuffling import Shuffling


class PixelUnshuffle(
    Shuffling,
    formula="[B, C, H r, W r] → [B, C r r, H, W]",
    torch_class=nn.PixelUnshuffle,
    reference="torch.nn.PixelUnshuffle",
    aliases=("space to depth", "reorg", "downsample"),
    example=(TensorType((2, 6, 4)),),
):
    """Puts the places of r × r squares into channels: a smaller image, and nothing is lost."""

    downscale_factor: int = field(2, "How many times as small the image becomes (r).", minimum=1)

    def check_size(self, shape: Shape) -> Iterable[Complaint]:
        if any(size % self.downscale_factor for size in shape[-2:]):
            yield Complaint(
                f"a height and width that are multiples of {self.downscale_factor}",
                words(shape[-2:]),
                "Add a ZeroPad2d before it, or use another factor.",
            )

    def summary(self, *shapes: Shape) -> str:
        channels = shapes[0][-3]
        return f"{channels} → {channels * self.downscale_factor**2}, size ÷ {self.downscale_factor}"
