"""Linear warm-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class LinearWarmup(
    Schedule,
    formula="lr (s + (1 − s) epoch / warm-up), then lr",
    torch_class=lr_scheduler.LinearLR,
    reference="torch.optim.lr_scheduler.LinearLR",
    aliases=("LinearLR",),
):
    """The learning rate rises over the first epochs, so that the first steps do no harm, and then stays."""

    title = "Warm-up"
    start_factor: float = field(
        0.1, "The part of the learning rate to begin with.", minimum=0, maximum=1, above_minimum=True
    )
    warmup_epochs: int = field(5, "How many epochs the rise takes.", minimum=1, unit="epochs")

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {"start_factor": self.start_factor, "total_iters": self.warmup_epochs}
