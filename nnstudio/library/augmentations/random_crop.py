"""Pictures shifted a little."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.augmentations._changes import PictureChange


def random_crop(rows: Any, generator: Any, padding: int, fill: str) -> Any:
    """Pad each picture on all sides and cut a piece of the old size out of it, anywhere."""
    count, channels, height, width = rows.shape
    mode = "reflect" if fill == "reflection" else "constant"
    padded = torch.nn.functional.pad(rows, (padding, padding, padding, padding), mode=mode)
    corners = torch.randint(0, 2 * padding + 1, (2, count), generator=generator)
    down = (corners[0, :, None] + torch.arange(height))[:, None, :, None]
    across = (corners[1, :, None] + torch.arange(width))[:, None, None, :]
    picture = torch.arange(count)[:, None, None, None]
    channel = torch.arange(channels)[None, :, None, None]
    return padded[tuple(place.to(rows.device) for place in (picture, channel, down, across))]


class RandomCrop(PictureChange, function=random_crop, aliases=("shift", "translate", "pad")):
    """Shifts each picture by a few pixels: it is padded on all sides, and a piece of the old size is cut out."""

    padding: int = field(4, "The farthest shift.", minimum=0, maximum=1024, unit="pixels")
    fill: str = field(
        "zeros", "What is put around a picture: zeros, or its own mirror image.", choices=("zeros", "reflection")
    )

    def check(self, input_type: TensorType) -> Iterable[Complaint]:
        found = tuple(super().check(input_type))
        yield from found
        smallest = 0 if found else min(input_type.shape[1:])
        if not found and self.fill == "reflection" and self.padding >= smallest:
            yield Complaint(
                f"a padding below the {smallest} pixels of the shorter side, to fill it with a mirror image",
                f"a padding of {self.padding}",
                "Lower the padding, or fill with zeros.",
            )
