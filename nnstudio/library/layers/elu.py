"""ELU."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class ELU(
    Activation,
    formula="x if x > 0 else α (eˣ − 1)",
    torch_class=nn.ELU,
    reference="torch.nn.ELU",
    aliases=("exponential linear",),
):
    """A ReLU whose negative side bends smoothly to −α."""

    alpha: float = field(1.0, "How far down the negative side goes: to −α.")
