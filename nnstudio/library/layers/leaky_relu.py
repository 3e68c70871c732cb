"""LeakyReLU."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class LeakyReLU(
    Activation,
    formula="x if x > 0 else s x",
    torch_class=nn.LeakyReLU,
    reference="torch.nn.LeakyReLU",
    aliases=("leaky rectifier",),
):
    """A ReLU that lets a little of the negative through, so that no unit dies."""

    negative_slope: float = field(0.01, "The slope s for negative numbers: 0 is ReLU, 1 changes nothing.")
