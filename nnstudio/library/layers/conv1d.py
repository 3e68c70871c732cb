"""The 1-dimensional convolution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._windows import needs_channels, needs_groups, needs_room


class Conv1d(
    Layer,
    category="Convolution and pooling",
    formula="y[o] = Σᵢ W[o, i] ⋆ x[i] + b[o]",
    torch_class=nn.Conv1d,
    reference="torch.nn.Conv1d",
    aliases=("temporal convolution", "convolution"),
):
    """Slides small filters along the length: each finds its pattern wherever it is."""

    out_channels: int = field(8, "How many filters there are: one channel comes out for each.", minimum=1)
    kernel_size: int = field(3, "How large a filter is.", minimum=1)
    stride: int = field(1, "How far the filter moves at a time; 2 halves the size.", minimum=1)
    padding: int = field(0, "How many zeros are put around the input; half the kernel keeps the size.", minimum=0)
    dilation: int = field(1, "How far apart the inputs of a filter lie.", minimum=1)
    groups: int = field(1, "In how many groups the channels are kept apart.", minimum=1)
    bias: bool = field(True, "Whether a number of its own is added to each channel.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        wrong = list(needs_channels(kind, 1))
        yield from wrong
        if not wrong:
            yield from needs_groups(kind.shape[0], self.out_channels, self.groups)
            kernel, padding, dilation = (self.kernel_size,), (self.padding,), (self.dilation,)
            yield from needs_room(kind.shape[1:], kernel, padding, dilation)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"in_channels": shapes[0][0]} | {
            setting.name: getattr(self, setting.name) for setting in self.settings()
        }

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]} → {self.out_channels}, {words((self.kernel_size,))}"
