"""Other light."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.spec import field
from nnstudio.library.augmentations._changes import PictureChange


def color_jitter(rows: Any, generator: Any, brightness: float, contrast: float, saturation: float) -> Any:
    """Change brightness, then contrast, then saturation of each picture by factors around 1."""
    drawn = 2 * torch.rand((3, len(rows), 1, 1, 1), generator=generator).to(rows) - 1
    # How bright red, green and blue look; other channels count alike.
    share = [0.299, 0.587, 0.114] if rows.shape[1] == 3 else [1 / rows.shape[1]] * rows.shape[1]
    shares = torch.tensor(share, device=rows.device, dtype=rows.dtype)[:, None, None]
    # The values are not cut off at 0 and 1: the rows may be on any scale.
    rows = rows * (1 + brightness * drawn[0])
    factor = 1 + contrast * drawn[1]
    rows = rows * factor + (rows * shares).sum(1, keepdim=True).mean((2, 3), keepdim=True) * (1 - factor)
    factor = 1 + saturation * drawn[2]
    return rows * factor + (rows * shares).sum(1, keepdim=True) * (1 - factor)


class ColorJitter(PictureChange, function=color_jitter, title="Colour jitter", aliases=("light", "color", "contrast")):
    """Changes brightness, contrast and saturation of each picture, as other light and other cameras do."""

    formula = "x·b, then x·c + mean·(1−c), then x·s + grey·(1−s)"

    brightness: float = field(0.2, "How far the factor of the brightness may be from 1.", minimum=0, maximum=1)
    contrast: float = field(0.2, "How far the factor of the contrast may be from 1.", minimum=0, maximum=1)
    saturation: float = field(
        0.0, "How far the factor of the saturation may be from 1; grey pictures stay as they are.", minimum=0, maximum=1
    )
