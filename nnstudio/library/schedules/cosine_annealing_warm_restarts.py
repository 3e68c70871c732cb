"""Cosine annealing with warm restarts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.spec import field
from nnstudio.library.schedules._settings import Smooth, end_rate


class CosineAnnealingWarmRestarts(
    Smooth,
    formula="η + ½ (lr − η) (1 + cos(π epoch / T)), again and again",
    torch_class=lr_scheduler.CosineAnnealingWarmRestarts,
    reference="torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    aliases=("SGDR", "cosine decay", "warm restarts"),
):
    """The learning rate falls along half a cosine, jumps back to the top and falls again."""

    title = "Cosine with restarts"
    T_0: int = field(10, "How many epochs the first fall takes.", minimum=1, unit="epochs")
    T_mult: int = field(1, "How many times longer each fall is than the one before it.", minimum=1)
    eta_min: float = end_rate()

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {"T_0": self.length(self.T_0, steps), "T_mult": self.T_mult, "eta_min": self.eta_min}
