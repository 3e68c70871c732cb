"""A straight line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.spec import field
from nnstudio.library.schedules._settings import Smooth


class LinearLR(
    Smooth,
    formula="lr (a + (b − a) epoch / epochs), then lr b",
    torch_class=lr_scheduler.LinearLR,
    reference="torch.optim.lr_scheduler.LinearLR",
    aliases=("linear decay",),
):
    """The learning rate goes from one part of itself to another along a straight line.

    A line that falls to 0 is PolynomialLR with the power 1.
    """

    title = "Line"
    start_factor: float = field(
        1.0, "The part of the learning rate to begin with.", minimum=0, maximum=1, above_minimum=True
    )
    end_factor: float = field(
        0.01, "The part of the learning rate at the end of the line.", minimum=0, maximum=1, above_minimum=True
    )
    total_iters: int | None = field(
        None, "How many epochs the line takes; by default the whole training.", minimum=1, unit="epochs"
    )

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {
            "start_factor": self.start_factor,
            "end_factor": self.end_factor,
            "total_iters": self.length(self.total_iters or epochs, steps),
        }
