"""What the convolutions have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._padding import needs_sides
from nnstudio.library.layers._spatial import PerAxis, Spatial
from nnstudio.library.layers._windows import needs_channels, needs_groups, needs_room


class Filters(Spatial, abstract=True):
    """Small filters that are learned: what convolutions of both directions share."""

    category: ClassVar[str] = "Convolution"

    out_channels: int = field(8, "How many filters there are: one channel comes out for each.", minimum=1)
    kernel_size: PerAxis = field(3, "How large a filter is.", minimum=1)
    stride: PerAxis = field(1, "How far the filter moves at a time; 2 halves the size.", minimum=1)
    padding: PerAxis | str = field(0, "How much is put around the input.", minimum=0, choices=("same", "valid"))
    dilation: PerAxis = field(1, "How far apart the inputs of a filter lie.", minimum=1)
    groups: int = field(1, "In how many groups the channels are kept apart.", minimum=1)
    bias: bool = field(True, "Whether a number of its own is added to each channel.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_channels(kind, self.dimensions))
        yield from wrong
        if not wrong:
            yield from needs_groups(kind.shape[0], self.out_channels, self.groups)
            yield from self.check_size(kind.shape[1:])

    def check_size(self, size: Shape) -> Iterable[Complaint]:
        """What is wrong with an input of this size, channels left out."""
        return ()

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"in_channels": shapes[0][0], **super().arguments(*shapes)}

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]} → {self.out_channels}, {words(self.each(self.kernel_size))}"


class Convolution(Filters, abstract=True):
    """Slides small filters over the input."""

    formula: ClassVar[str] = "y[o] = Σᵢ W[o, i] ⋆ x[i] + b[o]"
    aliases: ClassVar[tuple[str, ...]] = ("convolution", "filter", "cnn")

    padding: PerAxis | str = field(
        0,
        'How much is put around the input; half the kernel, or "same", keeps the size, and "valid" is none.',
        minimum=0,
        choices=("same", "valid"),
    )
    padding_mode: str = field(
        "zeros",
        "What is put around the input: zeros, its mirror image, its edge again, or its other side.",
        choices=("zeros", "reflect", "replicate", "circular"),
    )

    def check_size(self, size: Shape) -> Iterable[Complaint]:
        kernel, stride, dilation = self.each(self.kernel_size), self.each(self.stride), self.each(self.dilation)
        if self.padding == "same":
            total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
            if max(stride) > 1:
                halves = words(both // 2 for both in total)
                fix = f"Use stride 1, or padding {halves}."
                yield Complaint('stride 1 for padding "same"', f"stride {words(stride)}", fix)
            sides = [(both // 2, both - both // 2) for both in total]
        else:
            padding = self.each(0 if self.padding == "valid" else self.padding)
            sides = [(one, one) for one in padding]
            yield from needs_room(size, kernel, padding, dilation)
        yield from needs_sides(size, sides, self.padding_mode)


class TransposedConvolution(Filters, abstract=True):
    """Slides small filters over the output."""

    formula: ClassVar[str] = "y[o] = Σᵢ W[i, o] ⋆ᵀ x[i] + b[o]"
    aliases: ClassVar[tuple[str, ...]] = (
        "deconv",
        "deconvolution",
        "transposed convolution",
        "upconv",
        "up-convolution",
        "fractionally strided convolution",
        "upsampling",
    )

    stride: PerAxis = field(1, "How far the filter moves at a time in the output; 2 doubles the size.", minimum=1)
    padding: PerAxis = field(0, "How much is cut off around the output.", minimum=0)
    output_padding: PerAxis = field(
        0, "How much longer the output is at its end; less than the stride or the dilation.", minimum=0
    )

    def check_size(self, size: Shape) -> Iterable[Complaint]:
        kernel, stride, padding = self.each(self.kernel_size), self.each(self.stride), self.each(self.padding)
        dilation, extra = self.each(self.dilation), self.each(self.output_padding)
        if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
            most = [max(s, d) - 1 for s, d in zip(stride, dilation, strict=True)]
            yield Complaint(
                f"output padding below its stride or dilation (at most {words(most)})",
                f"output padding {words(extra)}",
                "Use less output padding or a larger stride.",
            )
            return
        output = [
            (length - 1) * s - 2 * p + d * (k - 1) + e + 1
            for length, k, s, p, d, e in zip(size, kernel, stride, padding, dilation, extra, strict=True)
        ]
        if min(output) < 1:
            yield Complaint(
                "an output of at least 1 along every axis",
                f"padding {words(padding)} that cuts {words(o + 2 * p for o, p in zip(output, padding, strict=True))} "
                "away wholly",
                "Use less padding or a larger kernel.",
            )
