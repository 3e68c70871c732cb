"""Left and right exchanged."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.spec import field
from nnstudio.library.augmentations._changes import PictureChange


def random_horizontal_flip(rows: Any, generator: Any, p: float) -> Any:
    """Exchange left and right in some of the pictures."""
    chosen = torch.rand(len(rows), generator=generator) < p
    return torch.where(chosen[:, None, None, None].to(rows.device), rows.flip(-1), rows)


class RandomHorizontalFlip(PictureChange, function=random_horizontal_flip, aliases=("mirror", "left right")):
    """Exchanges left and right in some of the pictures; not for letters and digits, which it makes wrong."""

    p: float = field(0.5, "The share of the pictures that are changed.", minimum=0, maximum=1)
