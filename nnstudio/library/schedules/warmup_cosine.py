"""Warm-up, then cosine annealing."""

from __future__ import annotations

from typing import Any

from torch.optim import lr_scheduler

from nnstudio.library.schedules._settings import WarmingUp, end_rate


class WarmupCosine(
    WarmingUp,
    formula="a linear rise, then half a cosine down",
    torch_class=lr_scheduler.SequentialLR,
    reference="torch.optim.lr_scheduler.SequentialLR",
    aliases=("cosine with warm-up", "cosine with warmup"),
):
    """The learning rate rises at first, and falls along half a cosine over the rest of the training."""

    title = "Warm-up and cosine"
    eta_min: float = end_rate()

    def build(self, optimizer: Any, epochs: int, steps: int) -> Any:
        warmup = lr_scheduler.LinearLR(optimizer, start_factor=self.start_factor, total_iters=self.rise)
        rest = self._rest(epochs, steps)
        cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=rest, eta_min=self.eta_min)
        return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[self.rise])

    def _rest(self, epochs: int, steps: int) -> int:
        return max(1, (epochs if self.warmup_steps is None else epochs * steps) - self.rise)

    def source(self, epochs: int, steps: int) -> str:
        rest = self._rest(epochs, steps)
        return (
            "torch.optim.lr_scheduler.SequentialLR(\n"
            "    optimizer,\n"
            "    [\n"
            f"        torch.optim.lr_scheduler.LinearLR(optimizer, start_factor={self.start_factor!r}, "
            f"total_iters={self.rise}),\n"
            f"        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max={rest}, eta_min={self.eta_min!r}),\n"
            "    ],\n"
            f"    milestones=[{self.rise}],\n"
            ")"
        )
