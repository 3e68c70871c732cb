"""AvgPool2d."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import pair, words
from nnstudio.library.layers._windows import needs_channels, needs_poolable


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
    stride: int | tuple[int, int] | None = field(
        None, "How far the window moves at a time; the size of the window unless it is set.", minimum=1
    )
    padding: int | tuple[int, int] = field(0, "How much is put around the input; at most half the kernel.", minimum=0)
    ceil_mode: bool = field(False, "Whether a window that only partly covers the input counts too.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_channels(kind, 2))
        yield from wrong
        if not wrong:
            kernel, padding = pair(self.kernel_size), pair(self.padding)
            stride = kernel if self.stride is None else pair(self.stride)
            yield from needs_poolable(kind.shape[1:], kernel, stride, padding, self.ceil_mode)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def summary(self, *shapes: Shape) -> str:
        return words(pair(self.kernel_size))
