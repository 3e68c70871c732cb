"""CELU."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._activation import Activation


class CELU(
    Activation,
    formula="max(0, x) + min(0, α (e^(x/α) − 1))",
    torch_class=nn.CELU,
    reference="torch.nn.CELU",
    aliases=("continuous exponential linear",),
):
    """An ELU that is smooth at zero for every α."""

    alpha: float = field(1.0, "How far down the negative side goes: to −α.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.alpha == 0:
            raise SpecError("alpha", "a number other than 0 to divide by", "0")
