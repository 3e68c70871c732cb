"""Exponential decay."""

from __future__ import annotations

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class ExponentialLR(
    Schedule,
    formula="lr γ^epoch",
    torch_class=lr_scheduler.ExponentialLR,
    reference="torch.optim.lr_scheduler.ExponentialLR",
    aliases=("exponential decay",),
):
    """The learning rate is multiplied by a factor after every epoch."""

    title = "Exponential"
    gamma: float = field(0.95, "The factor after each epoch.", minimum=0, maximum=1, above_minimum=True)
