"""Top and bottom exchanged."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.spec import field
from nnstudio.library.augmentations._changes import PictureChange


def random_vertical_flip(rows: Any, generator: Any, p: float) -> Any:
    """Exchange top and bottom in some of the pictures."""
    chosen = torch.rand(len(rows), generator=generator) < p
    return torch.where(chosen[:, None, None, None].to(rows.device), rows.flip(-2), rows)


class RandomVerticalFlip(PictureChange, function=random_vertical_flip, aliases=("mirror", "upside down")):
    """Exchanges top and bottom in some of the pictures: for what has no up and down, such as cells."""

    p: float = field(0.5, "The share of the pictures that are changed.", minimum=0, maximum=1)
