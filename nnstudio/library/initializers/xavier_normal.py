"""XavierNormal."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.initializers._fans import needs_axes


class XavierNormal(
    Initializer,
    formula="w ~ N(0, gain² 2 / (fan_in + fan_out))",
    torch_function=nn.init.xavier_normal_,
    reference="torch.nn.init.xavier_normal_",
    aliases=("glorot", "glorot normal"),
):
    """Draws numbers from a bell curve that keeps sizes alike forward and backward, for tanh and sigmoid."""

    gain: float = field(1.0, "What the numbers are multiplied by; √2 suits a ReLU behind it.", minimum=0)

    def check(self, shape: Shape) -> Iterable[Complaint]:
        yield from needs_axes(shape, 2)
