"""PixelShuffle."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._shuffling import Shuffling


class PixelShuffle(
    Shuffling,
    formula="[B, C r r, H, W] → [B, C, H r, W r]",
    torch_class=nn.PixelShuffle,
    reference="torch.nn.PixelShuffle",
    aliases=("subpixel", "sub-pixel convolution", "depth to space", "super resolution", "upsampling"),
    example=(TensorType((8, 3, 2)),),
):
    """Spreads channels out into places: an image r times as large from one with r × r times as many channels."""

    upscale_factor: int = field(2, "How many times as large the image becomes (r).", minimum=1)

    def check_size(self, shape: Shape) -> Iterable[Complaint]:
        square = self.upscale_factor**2
        if shape[-3] % square:
            yield Complaint(
                f"channels that are a multiple of {square} ({self.upscale_factor} × {self.upscale_factor})",
                f"{shape[-3]} channels",
                f"Give the layer before it {-(-shape[-3] // square) * square} channels.",
            )

    def summary(self, *shapes: Shape) -> str:
        channels = shapes[0][-3]
        return f"{channels} → {channels // self.upscale_factor**2}, size × {self.upscale_factor}"
