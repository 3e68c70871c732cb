"""Cosine annealing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class CosineAnnealingLR(
    Schedule,
    formula="η + ½ (lr − η) (1 + cos(π epoch / epochs))",
    torch_class=lr_scheduler.CosineAnnealingLR,
    reference="torch.optim.lr_scheduler.CosineAnnealingLR",
    aliases=("cosine decay",),
):
    """The learning rate falls along half a cosine over the whole training."""

    title = "Cosine annealing"
    eta_min: float = field(0.0, "The learning rate at the end.", minimum=0, logarithmic=True)

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {"T_max": epochs, "eta_min": self.eta_min}
