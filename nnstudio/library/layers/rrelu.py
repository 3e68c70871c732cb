"""RReLU."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._activation import Activation


class RReLU(
    Activation,
    formula="x if x > 0 else a x, a drawn at random",
    torch_class=nn.RReLU,
    reference="torch.nn.RReLU",
    aliases=("randomised leaky relu",),
):
    """A leaky ReLU whose slope is drawn anew while training, and is the mean of both limits afterwards."""

    lower: float = field(1 / 8, "The least slope.")
    upper: float = field(1 / 3, "The greatest slope.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lower > self.upper:
            raise SpecError("upper", f"at least the lower slope, {self.lower:g}", f"{self.upper:g}")
