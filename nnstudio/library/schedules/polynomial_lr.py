"""Polynomial decay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.spec import field
from nnstudio.library.schedules._settings import Smooth


class PolynomialLR(
    Smooth,
    formula="lr (1 − epoch / epochs)^power",
    torch_class=lr_scheduler.PolynomialLR,
    reference="torch.optim.lr_scheduler.PolynomialLR",
    aliases=("polynomial decay", "linear decay", "poly"),
):
    """The learning rate falls to 0, along a straight line or a curve."""

    title = "Polynomial"
    total_iters: int | None = field(
        None, "How many epochs it takes to reach 0; by default the whole training.", minimum=1, unit="epochs"
    )
    power: float = field(1.0, "1: a straight line; more: steep at first; less: steep at the end.", minimum=0)

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {"total_iters": self.length(self.total_iters or epochs, steps), "power": self.power}
