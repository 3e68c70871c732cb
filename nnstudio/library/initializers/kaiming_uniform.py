"""KaimingUniform."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.initializers._fans import needs_axes


class KaimingUniform(
    Initializer,
    formula="w ~ U(-r, r), r = gain √(3 / fan)",
    torch_function=nn.init.kaiming_uniform_,
    reference="torch.nn.init.kaiming_uniform_",
    aliases=("he", "he uniform", "msra"),
):
    """Draws numbers between limits that keep sizes alike through ReLUs; what Linear and convolutions start with."""

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
