"""What the dropouts have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float
from nnstudio.library.layers._spatial import Spatial
from nnstudio.library.layers._windows import needs_channels


class RandomLoss(Layer, abstract=True):
    """Leaves things out at random while training."""

    category: ClassVar[str] = "Regularisation"
    formula: ClassVar[str] = "y = x m / (1 − p), m = 0 with probability p"
    aliases: ClassVar[tuple[str, ...]] = ("regularization", "noise")

    p: float = field(0.5, "The probability that an input is set to zero.", minimum=0, maximum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"p": self.p}

    def summary(self, *shapes: Shape) -> str:
        return f"p = {self.p:g}"


class ChannelDropout(RandomLoss, Spatial, abstract=True):
    """Leaves out whole channels."""

    formula: ClassVar[str] = "y[c] = x[c] m[c] / (1 − p), m[c] = 0 with probability p"
    aliases: ClassVar[tuple[str, ...]] = ("spatial dropout", "channel dropout", "regularization")

    p: float = field(0.5, "The probability that a channel is set to zero.", minimum=0, maximum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_channels(types[0], self.dimensions)
