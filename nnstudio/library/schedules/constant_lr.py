"""A lower learning rate at first."""

from __future__ import annotations

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class ConstantLR(
    Schedule,
    formula="lr × factor for the first epochs, then lr",
    torch_class=lr_scheduler.ConstantLR,
    reference="torch.optim.lr_scheduler.ConstantLR",
    aliases=("warm-up",),
):
    """The learning rate is a part of itself for some epochs, and whole from then on."""

    title = "Lower at first"
    factor: float = field(
        1 / 3, "The part of the learning rate to begin with.", minimum=0, maximum=1, above_minimum=True
    )
    total_iters: int = field(5, "For how many epochs.", minimum=1, unit="epochs")
