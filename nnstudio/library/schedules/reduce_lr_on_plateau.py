"""A lower learning rate where the loss no longer falls."""

from __future__ import annotations

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class ReduceLROnPlateau(
    Schedule,
    formula="lr × factor whenever the loss has not become better for a while",
    torch_class=lr_scheduler.ReduceLROnPlateau,
    reference="torch.optim.lr_scheduler.ReduceLROnPlateau",
    aliases=("plateau", "adaptive", "patience"),
):
    """The learning rate is multiplied by a factor when the loss has not fallen for some epochs.

    It watches the loss of the validation part, else of the test part, else of the training part.
    """

    title = "On a plateau"
    watches = True
    factor: float = field(0.1, "The factor at each step down.", minimum=0, maximum=0.999, above_minimum=True)
    patience: int = field(10, "How many epochs without a better loss it waits.", minimum=0, unit="epochs")
    threshold: float = field(1e-4, "How much better counts as better.", minimum=0, logarithmic=True)
    threshold_mode: str = field(
        "rel",
        "Whether that is a part of the best loss, or a difference, as a loss below 0 needs.",
        choices=("rel", "abs"),
    )
    cooldown: int = field(0, "How many epochs after a step down it does not count.", minimum=0, unit="epochs")
    min_lr: float = field(0.0, "The lowest rate.", minimum=0, logarithmic=True)
    eps: float = field(1e-8, "A smaller change than this is not made.", minimum=0, logarithmic=True)
