"""Pictures turned."""

from __future__ import annotations

import math
from typing import Any

import torch

from nnstudio.core.spec import field
from nnstudio.library.augmentations._changes import PictureChange


def random_rotation(rows: Any, generator: Any, degrees: float) -> Any:
    """Turn each picture about its centre; what comes in from outside is zero."""
    count, _, height, width = rows.shape
    angles = math.radians(degrees) * (2 * torch.rand(count, generator=generator) - 1)
    cos, sin, nothing = torch.cos(angles), torch.sin(angles), torch.zeros(count)
    # Where each pixel comes from. A side counts 2 in these coordinates, however long it is.
    across = torch.stack([cos, -sin * height / width, nothing], dim=1)
    down = torch.stack([sin * width / height, cos, nothing], dim=1)
    grid = torch.nn.functional.affine_grid(
        torch.stack([across, down], dim=1).to(rows), list(rows.shape), align_corners=False
    )
    return torch.nn.functional.grid_sample(rows, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


class RandomRotation(PictureChange, function=random_rotation, aliases=("turn", "angle")):
    """Turns each picture about its centre by an angle of its own."""

    formula = "angle between −degrees and +degrees, all as likely"

    degrees: float = field(10.0, "The farthest turn, to the left and to the right.", minimum=0, maximum=180, unit="°")
