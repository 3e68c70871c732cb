"""TruncNormal."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Initializer
from nnstudio.core.spec import SpecError, field


class TruncNormal(
    Initializer,
    formula="w ~ N(mean, std²), a ≤ w ≤ b",
    torch_function=nn.init.trunc_normal_,
    reference="torch.nn.init.trunc_normal_",
    aliases=("truncated normal", "gaussian", "vision transformer"),
):
    """Draws numbers from a bell curve that is cut off at both ends."""

    mean: float = field(0.0, "The middle of the curve.")
    std: float = field(1.0, "How wide the curve is.", minimum=0, above_minimum=True, logarithmic=True)
    a: float = field(-2.0, "The smallest number.")
    b: float = field(2.0, "The largest number; above the smallest.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.b <= self.a:
            raise SpecError("b", f"a number above a, {self.a:g}", f"{self.b:g}")
