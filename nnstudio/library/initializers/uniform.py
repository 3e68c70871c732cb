"""Uniform."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Initializer
from nnstudio.core.spec import SpecError, field


class Uniform(
    Initializer,
    formula="w ~ U(a, b)",
    torch_function=nn.init.uniform_,
    reference="torch.nn.init.uniform_",
    aliases=("random", "flat"),
):
    """Draws numbers of which each between two limits is equally likely."""

    a: float = field(0.0, "The smallest number.")
    b: float = field(1.0, "The largest number; not below the smallest.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.b < self.a:
            raise SpecError("b", f"a number of at least a, {self.a:g}", f"{self.b:g}")
