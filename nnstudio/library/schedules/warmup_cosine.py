"""Warm-up, then cosine annealing."""

from __future__ import annotations

from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class WarmupCosine(
    Schedule,
    formula="a linear rise, then half a cosine down",
    torch_class=lr_scheduler.SequentialLR,
    reference="torch.optim.lr_scheduler.SequentialLR",
    aliases=("cosine with warm-up",),
):
    """The learning rate rises over the first epochs and falls along half a cosine over the others."""

    title = "Warm-up and cosine"
    start_factor: float = field(
        0.1, "The part of the learning rate to begin with.", minimum=0, maximum=1, above_minimum=True
    )
    warmup_epochs: int = field(5, "How many epochs the rise takes.", minimum=1, unit="epochs")
    eta_min: float = field(0.0, "The learning rate at the end.", minimum=0, logarithmic=True)

    def build(self, optimizer: Any, epochs: int, steps: int) -> Any:
        warmup = lr_scheduler.LinearLR(optimizer, start_factor=self.start_factor, total_iters=self.warmup_epochs)
        cosine = lr_scheduler.CosineAnnealingLR(
            optimizer, T_max=max(1, epochs - self.warmup_epochs), eta_min=self.eta_min
        )
        return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[self.warmup_epochs])

    def source(self, epochs: int, steps: int) -> str:
        rest = max(1, epochs - self.warmup_epochs)
        return (
            "torch.optim.lr_scheduler.SequentialLR(\n"
            "    optimizer,\n"
            "    [\n"
            f"        torch.optim.lr_scheduler.LinearLR(optimizer, start_factor={self.start_factor!r}, "
            f"total_iters={self.warmup_epochs}),\n"
            f"        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max={rest}, eta_min={self.eta_min!r}),\n"
            "    ],\n"
            f"    milestones=[{self.warmup_epochs}],\n"
            ")"
        )
