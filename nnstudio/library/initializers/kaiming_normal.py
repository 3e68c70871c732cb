"""KaimingNormal."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.initializers._fans import needs_axes


class KaimingNormal(
    Initializer,
    formula="w ~ N(0, gain² / fan)",
    torch_function=nn.init.kaiming_normal_,
    reference="torch.nn.init.kaiming_normal_",
    aliases=("he", "he normal", "msra"),
):
    """Draws numbers from a bell curve that keeps sizes alike through ReLUs."""

    a: float = field(0.0, "The slope for negative numbers where the activation is a leaky ReLU.", minimum=0)
    mode: str = field(
        "fan_in", "Whether the sizes keep forward, or those of the gradients backward.", choices=("fan_in", "fan_out")
    )
    nonlinearity: str = field(
        "leaky_relu",
        "The activation that comes behind.",
        choices=("leaky_relu", "relu", "linear", "sigmoid", "tanh", "selu"),
    )

    def check(self, shape: Shape) -> Iterable[Complaint]:
        yield from needs_axes(shape, 2)
