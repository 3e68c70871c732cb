"""Steps down."""

from __future__ import annotations

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class StepLR(
    Schedule,
    formula="lr γ^⌊epoch / step size⌋",
    torch_class=lr_scheduler.StepLR,
    reference="torch.optim.lr_scheduler.StepLR",
    aliases=("step decay", "staircase"),
):
    """The learning rate is multiplied by a factor every few epochs."""

    title = "Step"
    step_size: int = field(30, "How many epochs pass between two steps down.", minimum=1, unit="epochs")
    gamma: float = field(0.5, "The factor at each step.", minimum=0, maximum=1, above_minimum=True)
