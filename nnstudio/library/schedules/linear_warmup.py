"""Linear warm-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.library.schedules._settings import WarmingUp


class LinearWarmup(
    WarmingUp,
    formula="lr (s + (1 − s) epoch / warm-up), then lr",
    torch_class=lr_scheduler.LinearLR,
    reference="torch.optim.lr_scheduler.LinearLR",
    aliases=("warmup",),
):
    """The learning rate rises at first, so that the first steps do no harm, and then stays."""

    title = "Warm-up"

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {"start_factor": self.start_factor, "total_iters": self.rise}
