"""Steps down at chosen epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule
from nnstudio.core.spec import field


class _Steps(lr_scheduler.MultiStepLR):
    """Torch's, whose state leaves out the milestones: they are settings, and their numbers are no keys in JSON."""

    def state_dict(self) -> dict[str, Any]:
        return {name: value for name, value in super().state_dict().items() if name != "milestones"}


class MultiStepLR(
    Schedule,
    formula="lr γ^(how many milestones are past)",
    torch_class=lr_scheduler.MultiStepLR,
    reference="torch.optim.lr_scheduler.MultiStepLR",
    aliases=("step decay", "milestones"),
):
    """The learning rate is multiplied by a factor at each of the epochs that are listed."""

    title = "Steps at milestones"
    milestones: tuple[int, ...] = field((50, 80), "The epochs after which the rate steps down.", minimum=1)
    gamma: float = field(0.1, "The factor at each step.", minimum=0, maximum=1, above_minimum=True)

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        return {"milestones": sorted(self.milestones), "gamma": self.gamma}

    def build(self, optimizer: Any, epochs: int, steps: int) -> Any:
        return _Steps(optimizer, **self.arguments(epochs, steps))
