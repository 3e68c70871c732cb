"""What the normalisations have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float, words
from nnstudio.library.layers._spatial import Spatial
from nnstudio.library.layers._windows import needs_channels


class Normalisation(Layer, abstract=True):
    """Brings numbers to mean 0 and deviation 1, then scales and shifts them as it learns to."""

    category: ClassVar[str] = "Normalisation"
    formula: ClassVar[str] = "y = γ (x − mean) / √(variance + ε) + β"

    eps: float = field(1e-5, "Keeps the division away from zero.", minimum=0, above_minimum=True, logarithmic=True)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        found = {setting.name: getattr(self, setting.name) for setting in self.settings()}
        if found.get("bias"):  # as it is unless it is said; older torch knows it of LayerNorm alone
            del found["bias"]
        return found

    @classmethod
    def from_module(cls, module: Any) -> Self:
        found = super().from_module(module)
        learns = getattr(found, "affine", getattr(found, "elementwise_affine", True))
        has_bias = any(setting.name == "bias" for setting in cls.settings())
        return found.with_(bias=True) if has_bias and not learns else found  # without γ there is no β to leave out


class ChannelNormalisation(Normalisation, Spatial, abstract=True):
    """Each channel by itself, with figures that can be kept from batch to batch."""

    momentum: float | None = field(
        0.1,
        "How quickly the running mean follows the batches; without it, it is the mean of all batches.",
        minimum=0,
        maximum=1,
    )
    affine: bool = field(True, "Whether it learns a scale and a shift.")
    bias: bool = field(True, "Whether it learns the shift too, where it learns a scale.")
    track_running_stats: bool = field(True, "Whether it keeps a running mean and variance, and uses them later on.")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"num_features": shapes[0][0], **super().arguments(*shapes)}

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]} {'channels' if len(shapes[0]) > 1 else 'features'}"


class BatchNormalisation(ChannelNormalisation, abstract=True):
    """Each channel over all rows of the batch."""

    aliases: ClassVar[tuple[str, ...]] = ("batch normalisation", "batch normalization", "normalise", "normalize", "bn")

    track_running_stats: bool = field(
        True,
        "Whether it keeps a running mean and variance for later; without them the rows of a batch always depend on "
        "each other.",
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_channels(types[0], self.dimensions)


class InstanceNormalisation(ChannelNormalisation, abstract=True):
    """Each channel of each row by itself."""

    aliases: ClassVar[tuple[str, ...]] = (
        "instance normalisation",
        "instance normalization",
        "normalise",
        "normalize",
        "style transfer",
        "contrast normalization",
    )

    momentum: float = field(0.1, "How quickly the running mean follows the batches.", minimum=0, maximum=1)
    affine: bool = field(False, "Whether it learns a scale and a shift.")
    track_running_stats: bool = field(
        False, "Whether it keeps a running mean and variance, and uses them in evaluation."
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_channels(kind, self.dimensions))
        yield from wrong
        if not wrong and math.prod(kind.shape[1:]) == 1:
            yield Complaint(
                "at least 2 values in each channel",
                f"1 in {kind.text}, whose deviation is 0",
                "Use LayerNorm, or less pooling before it.",
            )


class RowNormalisation(Normalisation, abstract=True):
    """The last axes of each row together."""

    anywhere: ClassVar[bool] = True

    axes: int = field(1, "How many axes are normalised together, counted from the last.", minimum=1, maximum=8)
    elementwise_affine: bool = field(True, "Whether it learns a scale for each number.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        yield from needs_float(kind)
        behind = len(kind.shape) - kind.axis if kind.rows else len(kind.shape)
        if behind < self.axes:
            many = "axis" if self.axes == 1 else "axes"
            yield Complaint(
                f"at least {self.axes} {many} behind the batch",
                kind.text,
                "Use fewer axes, or add a Reshape before it.",
            )

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        found = dict(super().arguments(*shapes))
        last = shapes[0][-found.pop("axes") :]
        return {"normalized_shape": last[0] if len(last) == 1 else last, **found}

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return super().from_module(module).with_(axes=len(module.normalized_shape))

    def summary(self, *shapes: Shape) -> str:
        return f"{words(shapes[0][-self.axes :])} features"
