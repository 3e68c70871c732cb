"""What the two local response normalisations have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float


class ResponseNormalisation(Layer, abstract=True):
    """Divides each number by what its neighbouring channels have at the same place."""

    category: ClassVar[str] = "Normalisation"
    formula: ClassVar[str] = "y = x / (k + α mean(x² of the neighbours))^β"
    aliases: ClassVar[tuple[str, ...]] = ("lrn", "lateral inhibition", "alexnet")
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((4, 3, 2)),)

    size: int = field(5, "How many neighbouring channels count.", minimum=1)
    alpha: float = field(1e-4, "How much they count.", minimum=0)
    beta: float = field(0.75, "The power of the divisor.", minimum=0)
    k: float = field(1.0, "What is added to the divisor, to keep it away from zero.", minimum=0)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        yield from needs_float(kind)
        if len(kind.shape) < 2:
            yield Complaint("channels with places [B, C, …]", kind.text, "Use it on lines or images.")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def summary(self, *shapes: Shape) -> str:
        return f"{self.size} channels"
