"""Hardtanh."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._activation import Activation


class Hardtanh(
    Activation,
    formula="min(max(a, x), b)",
    torch_class=nn.Hardtanh,
    reference="torch.nn.Hardtanh",
    aliases=("clip", "clipped linear"),
):
    """Cuts off what is below one limit and above another."""

    min_val: float = field(-1.0, "The lower limit a.")
    max_val: float = field(1.0, "The upper limit b.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_val >= self.max_val:
            raise SpecError("max_val", f"more than the lower limit, {self.min_val:g}", f"{self.max_val:g}")
