"""Pictures moved, scaled and slanted."""

from __future__ import annotations

import math
from typing import Any

import torch

from nnstudio.core.spec import SpecError, describe, field
from nnstudio.library.augmentations._changes import PictureChange


def random_affine(rows: Any, generator: Any, translate: float, scale: tuple[float, float], shear: float) -> Any:
    """Slant, scale and move each picture; what comes in from outside is zero."""
    count, _, height, width = rows.shape
    drawn = torch.rand((4, count), generator=generator)
    smaller = 1 / (scale[0] + (scale[1] - scale[0]) * drawn[0])
    slant = torch.tan(math.radians(shear) * (2 * drawn[1] - 1))
    moved = 2 * translate * (2 * drawn[2:] - 1)
    # Where each pixel comes from. A side counts 2 in these coordinates, however long it is.
    sideways = -slant * smaller * height / width
    across = torch.stack([smaller, sideways, -smaller * moved[0] - sideways * moved[1]], dim=1)
    down = torch.stack([torch.zeros(count), smaller, -smaller * moved[1]], dim=1)
    grid = torch.nn.functional.affine_grid(
        torch.stack([across, down], dim=1).to(rows), list(rows.shape), align_corners=False
    )
    return torch.nn.functional.grid_sample(rows, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


class RandomAffine(PictureChange, function=random_affine, aliases=("zoom", "shift", "shear", "slant")):
    """Moves, scales and slants each picture, each by amounts of its own."""

    translate: float = field(0.1, "The farthest move, as a share of the width and of the height.", minimum=0, maximum=1)
    scale: tuple[float, float] = field((0.9, 1.1), "The smallest and the largest scale.", minimum=0.01, maximum=100)
    shear: float = field(0.0, "The farthest slant of upright lines.", minimum=0, maximum=80, unit="°")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale[0] > self.scale[1]:
            raise SpecError("scale", "the smaller number first", describe(self.scale))
