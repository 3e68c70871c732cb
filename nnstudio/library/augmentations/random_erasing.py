"""Pictures with a piece missing."""

from __future__ import annotations

import math
from typing import Any

import torch

from nnstudio.core.spec import SpecError, describe, field
from nnstudio.library.augmentations._changes import PictureChange


def random_erasing(
    rows: Any, generator: Any, p: float, scale: tuple[float, float], ratio: tuple[float, float], value: float
) -> Any:
    """Fill one rectangle in some of the pictures with one value, in all channels."""
    count, _, height, width = rows.shape
    drawn = torch.rand((5, count), generator=generator)
    area = height * width * (scale[0] + (scale[1] - scale[0]) * drawn[1])
    low, high = math.log(ratio[0]), math.log(ratio[1])
    shape = torch.exp(low + (high - low) * drawn[2])
    # A rectangle that is longer than the picture ends at its edge.
    tall = torch.sqrt(area * shape).round().clamp(1, height)
    wide = torch.sqrt(area / shape).round().clamp(1, width)
    top, left = (drawn[3] * (height - tall + 1)).floor(), (drawn[4] * (width - wide + 1)).floor()
    down, across = torch.arange(height), torch.arange(width)
    inside_down = (down >= top[:, None]) & (down < (top + tall)[:, None])
    inside_across = (across >= left[:, None]) & (across < (left + wide)[:, None])
    inside = inside_down[:, None, :, None] & inside_across[:, None, None, :]
    chosen = (drawn[0] < p)[:, None, None, None]
    return rows.masked_fill((inside & chosen).to(rows.device), value)


class RandomErasing(PictureChange, function=random_erasing, aliases=("cutout", "occlusion", "mask")):
    """Hides a rectangle in some of the pictures, so that the network does not rely on one place alone."""

    p: float = field(0.5, "The share of the pictures that are changed.", minimum=0, maximum=1)
    scale: tuple[float, float] = field(
        (0.02, 0.2), "The smallest and the largest share of the picture that is hidden.", minimum=0, maximum=1
    )
    ratio: tuple[float, float] = field(
        (0.3, 3.3), "The smallest and the largest height of the rectangle for a width of 1.", minimum=0.01, maximum=100
    )
    value: float = field(0.0, "What is put there.")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("scale", "ratio"):
            if getattr(self, name)[0] > getattr(self, name)[1]:
                raise SpecError(name, "the smaller number first", describe(getattr(self, name)))
