"""What the activations have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._checks import needs_float


class Activation(Layer, abstract=True):
    """A function of each number by itself: what lets a network bend."""

    category: ClassVar[str] = "Activation"
    anywhere: ClassVar[bool] = True

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def summary(self, *shapes: Shape) -> str:
        return self.formula
