"""AdaptiveAvgPool2d."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import pair, words
from nnstudio.library.layers._windows import needs_channels


class AdaptiveAvgPool2d(
    Layer,
    category="Convolution and pooling",
    formula="y = mean over windows that give the wanted size",
    torch_class=nn.AdaptiveAvgPool2d,
    reference="torch.nn.AdaptiveAvgPool2d",
    aliases=("global average pooling", "gap", "pooling"),
):
    """Takes means so that the output has the size that is wanted; size 1 is the mean of each channel."""

    output_size: int | tuple[int, int] = field(1, "The height and width that come out.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_channels(types[0], 2)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"output_size": self.output_size}

    def summary(self, *shapes: Shape) -> str:
        return f"to {words(pair(self.output_size))}"
