"""AvgPool2d."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_axes, needs_float, needs_room, pair, words


class AvgPool2d(
    Layer,
    category="Convolution and pooling",
    formula="y = mean over the window",
    torch_class=nn.AvgPool2d,
    reference="torch.nn.AvgPool2d",
    aliases=("pooling", "downsample", "subsampling"),
):
    """Takes the mean of each window: half the size, smoothed."""

    kernel_size: int | tuple[int, int] = field(2, "How large the window is.", minimum=1)
    stride: int | tuple[int, int] | None = field(None, "How far the window moves at a time; the size of the window unless it is set.", minimum=1)
    padding: int | tuple[int, int] = field(0, "How much is put around the input; at most half the kernel.", minimum=0)
    ceil_mode: bool = field(False, "Whether a window that only partly covers the input counts too.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        kind = types[0]
        yield from needs_float(kind)
        wrong = list(needs_axes(kind, "B, C, H, W", "Use images as data, or add a Reshape before it."))
        yield from wrong
        if wrong:
            return
        kernel, padding = pair(self.kernel_size), pair(self.padding)
        if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
            half = words(k // 2 for k in kernel)
            yield Complaint(
                f"padding that is at most half the kernel ({half})", f"padding {words(padding)}", "Use less padding."
            )
        else:
            yield from needs_room(kind.shape[1:], kernel, padding, (1,) * len(kernel))

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def summary(self, *shapes: Shape) -> str:
        return words(pair(self.kernel_size))
