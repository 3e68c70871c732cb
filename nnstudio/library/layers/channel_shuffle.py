"""ChannelShuffle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._windows import needs_divisor


class ChannelShuffle(
    Layer,
    category="Shape",
    formula="[B, g n, …] → [B, n g, …]",
    torch_class=nn.ChannelShuffle,
    reference="torch.nn.ChannelShuffle",
    aliases=("shufflenet", "mix groups"),
    example=(TensorType((4, 3, 2)),),
):
    """Deals the channels of groups out among each other, so that the next groups see something of each."""

    groups: int = field(2, "Into how many groups the channels are divided.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        if len(kind.shape) < 2:
            yield Complaint("channels with places [B, C, …]", kind.text, "Use it on lines or images.")
        else:
            yield from needs_divisor(kind.shape[0], self.groups)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"groups": self.groups}

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]} channels in {self.groups}"
