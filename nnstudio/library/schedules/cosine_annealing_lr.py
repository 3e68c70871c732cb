"""Cosine annealing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.library.schedules._settings import Smooth, end_rate


class CosineAnnealingLR(
    Smooth,
    formula="η + ½ (lr − η) (1 + cos(π epoch / epochs))",
    torch_class=lr_scheduler.CosineAnnealingLR,
    reference="torch.optim.lr_scheduler.CosineAnnealingLR",
    aliases=("cosine decay",),
):
    """The learning rate falls along half a cosine over the whole training."""

    title = "Cosine annealing"
    eta_min: float = end_rate()

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {"T_max": self.length(epochs, steps), "eta_min": self.eta_min}
