"""Pools that are told the size of their output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._pooling import Indexed
from nnstudio.library.layers._spatial import PerAxis, Spatial
from nnstudio.library.layers._windows import needs_channels


class AdaptivePooling(Spatial, abstract=True):
    """Lays as many windows over the input as there are to be numbers in the output."""

    category: ClassVar[str] = "Pooling"

    output_size: PerAxis = field(
        1, "The size that comes out: one for each axis, or one for all; 0 keeps that of the input.", minimum=0
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_channels(types[0], self.dimensions)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        sizes = self.each(self.output_size)
        kept = self.output_size if all(sizes) else tuple(one or None for one in sizes)
        return {**super().arguments(*shapes), "output_size": kept}

    @classmethod
    def from_module(cls, module: Any) -> Self:
        size = module.output_size
        sizes = tuple(one or 0 for one in (size if isinstance(size, (tuple, list)) else (size,)))
        found: dict[str, Any] = {"output_size": sizes if len(set(sizes)) > 1 else sizes[0]}
        if issubclass(cls, Indexed):
            found["return_indices"] = module.return_indices
        return cls(**found)

    def summary(self, *shapes: Shape) -> str:
        wanted = self.each(self.output_size)
        return f"to {words(new or old for new, old in zip(wanted, shapes[0][-self.dimensions :], strict=True))}"


class AdaptiveAveragePooling(AdaptivePooling, abstract=True):
    """Takes means so that the output has the size that is wanted."""

    formula: ClassVar[str] = "y = mean over windows that give the wanted size"
    aliases: ClassVar[tuple[str, ...]] = ("global average pooling", "gap", "pooling")


class AdaptiveMaxPooling(Indexed, AdaptivePooling, abstract=True):
    """Keeps largest values so that the output has the size that is wanted."""

    formula: ClassVar[str] = "y = max over windows that give the wanted size"
    aliases: ClassVar[tuple[str, ...]] = ("global max pooling", "gmp", "pooling")
