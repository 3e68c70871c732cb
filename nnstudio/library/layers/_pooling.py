"""What the pools have in common: a window that moves over each channel by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._spatial import PerAxis, Spatial
from nnstudio.library.layers._windows import needs_channels, needs_poolable, needs_room


class Indexed(Layer, abstract=True):
    """A layer that can also say where it found each largest value."""

    outputs: ClassVar[tuple[Port, ...]] = (Port("output"), Port("indices", "Where each value was: for MaxUnpool."))

    return_indices: bool = field(False, "Whether it also gives out where each value was, as MaxUnpool needs it.")

    @property
    def output_ports(self) -> tuple[Port, ...]:
        return self.outputs if self.return_indices else self.outputs[:1]

    def apply(self, module: Any, *tensors: Any) -> Any:
        made = module(*tensors)
        return (made[0], made[1]) if self.return_indices else made


class Pooling(Spatial, abstract=True):
    """Makes one number of each window."""

    category: ClassVar[str] = "Pooling"
    aliases: ClassVar[tuple[str, ...]] = ("pooling", "downsample", "subsampling")
    whole: ClassVar[bool] = False  # torch takes means of volumes only where a window fits in without any padding

    kernel_size: PerAxis = field(2, "How large the window is.", minimum=1)
    stride: PerAxis | None = field(
        None, "How far the window moves at a time; the size of the window unless it is set.", minimum=1
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_channels(kind, self.dimensions))
        yield from wrong
        if not wrong:
            kernel, stride = self.each(self.kernel_size), self.each(self.stride or self.kernel_size)
            padding, dilation = self.each(getattr(self, "padding", 0)), self.each(getattr(self, "dilation", 1))
            ceil_mode = getattr(self, "ceil_mode", False)
            complaints = list(needs_poolable(kind.shape[1:], kernel, stride, padding, ceil_mode, dilation))
            if self.dimensions == 3 and self.whole:
                complaints = complaints or list(needs_room(kind.shape[1:], kernel, (0, 0, 0)))
            yield from complaints

    @classmethod
    def from_module(cls, module: Any) -> Self:
        found = super().from_module(module)
        return found.with_(stride=None) if found.stride == found.kernel_size else found

    def summary(self, *shapes: Shape) -> str:
        return words(self.each(self.kernel_size))


class PaddedPooling(Pooling, abstract=True):
    """A pool whose windows may reach over the edge."""

    padding: PerAxis = field(0, "How much is put around the input; at most half the kernel.", minimum=0)
    ceil_mode: bool = field(False, "Whether a window that only partly covers the input counts too.")


class MaxPooling(Indexed, PaddedPooling, abstract=True):
    """Keeps the largest value of each window."""

    aliases: ClassVar[tuple[str, ...]] = ("max pooling", *Pooling.aliases)
    formula: ClassVar[str] = "y = max over the window"

    dilation: PerAxis = field(1, "How far apart the inputs of a window lie.", minimum=1)


class AveragePooling(PaddedPooling, abstract=True):
    """Takes the mean of each window."""

    formula: ClassVar[str] = "y = mean over the window"
    whole: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ("mean pooling", *Pooling.aliases)

    count_include_pad: bool = field(True, "Whether the zeros around the input count in the mean.")


class DividedPooling(AveragePooling, abstract=True):
    """A mean whose divisor can be chosen."""

    divisor_override: int | None = field(
        None, "What the sum of a window is divided by; the size of the window unless it is set.", minimum=1
    )


class PowerPooling(Pooling, abstract=True):
    """Takes the power mean of each window, without its division."""

    formula: ClassVar[str] = "y = (Σ xᵖ)^(1/p) over the window"
    whole: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ("power average pooling", "p-norm pooling", *Pooling.aliases)

    norm_type: float = field(
        2.0, "The power p: 1 is the sum, a large one is near to the maximum.", minimum=0, above_minimum=True
    )
    ceil_mode: bool = field(False, "Whether a window that only partly covers the input counts too.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from super().check(*types)
        if self.norm_type != 1 and self.norm_type % 2:
            yield Complaint(
                "numbers that are not negative",
                f"whatever comes in: with norm_type={self.norm_type:g} negative numbers can become not-a-number",
                "Put a ReLU before it, or use an even power.",
                severity="note",
            )

    def summary(self, *shapes: Shape) -> str:
        return f"{super().summary(*shapes)}, p = {self.norm_type:g}"
