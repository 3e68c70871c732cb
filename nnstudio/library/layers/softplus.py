"""Softplus."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._activation import Activation


class Softplus(
    Activation,
    formula="ln(1 + e^(β x)) / β",
    torch_class=nn.Softplus,
    reference="torch.nn.Softplus",
    aliases=("smooth relu",),
):
    """A smooth ReLU that is always positive, as a spread or a rate must be."""

    beta: float = field(1.0, "How sharp the bend at zero is; a negative one turns the curve round.")
    threshold: float = field(20.0, "Where β x is above this, it is taken as straight, so that nothing overflows.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.beta == 0:
            raise SpecError("beta", "a number other than 0 to divide by", "0")
