"""Normal."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Initializer
from nnstudio.core.spec import field


class Normal(
    Initializer,
    formula="w ~ N(mean, std²)",
    torch_function=nn.init.normal_,
    reference="torch.nn.init.normal_",
    aliases=("gaussian", "random"),
):
    """Draws numbers from a bell curve."""

    mean: float = field(0.0, "The middle of the curve.")
    std: float = field(1.0, "How wide the curve is.", minimum=0, logarithmic=True)
