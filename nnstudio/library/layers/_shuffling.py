"""What PixelShuffle and PixelUnshuffle have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint


class Shuffling(Layer, abstract=True):
    """Moves numbers between the channels and the places of images; there may be more axes before the channels."""

    category: ClassVar[str] = "Padding and resizing"

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        if len(kind.shape) < 3:
            yield Complaint(
                "at least 4 axes [B, C, H, W]", kind.text, "Use images as data, or add a Reshape before it."
            )
        else:
            yield from self.check_size(kind.shape)

    def check_size(self, shape: Shape) -> Iterable[Complaint]:
        """What is wrong with images of this shape."""
        return ()

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}
