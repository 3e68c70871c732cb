"""Orthogonal."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.initializers._fans import needs_axes


class Orthogonal(
    Initializer,
    formula="w wᵀ = gain² I",
    torch_function=nn.init.orthogonal_,
    reference="torch.nn.init.orthogonal_",
    aliases=("qr", "isometry"),
):
    """Draws a matrix that turns vectors without stretching them, for deep and recurrent networks."""

    gain: float = field(1.0, "What the numbers are multiplied by; √2 suits a ReLU behind it.", minimum=0)

    def check(self, shape: Shape) -> Iterable[Complaint]:
        yield from needs_axes(shape, 2)
