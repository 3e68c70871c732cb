"""Resilient backpropagation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import SpecError, field
from nnstudio.library.optimizers._settings import learning_rate, maximize


class Rprop(
    Optimizer,
    formula="η ← η₊ η where g keeps its sign, else η₋ η;  w ← w − η sign(g)",
    torch_class=torch.optim.Rprop,
    reference="torch.optim.Rprop",
    aliases=("resilient backpropagation",),
):
    """Looks only at the sign of each gradient, and gives every weight a step that grows while the sign stays.

    Made for whole batches: among small ones the signs change by chance. The learning rate is the first step alone, so
    that a schedule changes nothing.
    """

    lr: float = learning_rate(0.01)
    eta_minus: float = field(
        0.5, "The factor for a step whose gradient has changed its sign.", minimum=0, maximum=0.999, above_minimum=True
    )
    eta_plus: float = field(
        1.2, "The factor for a step whose gradient keeps its sign.", minimum=1, maximum=100, above_minimum=True
    )
    min_step: float = field(1e-6, "The smallest step.", minimum=0, logarithmic=True)
    max_step: float = field(50.0, "The largest step.", minimum=0, logarithmic=True)
    maximize: bool = maximize()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_step < self.min_step:
            raise SpecError("max_step", f"at least the smallest step, {self.min_step:g}", f"{self.max_step:g}")

    def arguments(self) -> Mapping[str, Any]:
        return {
            "lr": self.lr,
            "etas": (self.eta_minus, self.eta_plus),
            "step_sizes": (self.min_step, self.max_step),
            "maximize": self.maximize,
        }
