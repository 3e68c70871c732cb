"""One cycle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule, Stepped
from nnstudio.core.spec import SpecError, field
from nnstudio.library.schedules._settings import MOMENTUM_SOURCE, cycle_momentum, has_momentum


class _OneCycle(lr_scheduler.OneCycleLR):
    """Torch's, which holds the last rate when a training goes on after its end, where torch's raises an error."""

    def get_lr(self) -> list[Any]:
        if self.last_epoch >= self.total_steps:
            return [group["lr"] for group in self.optimizer.param_groups]
        return super().get_lr()


class OneCycleLR(
    Schedule,
    formula="a rise to lr over a part of the training, then a long fall far below the start",
    torch_class=lr_scheduler.OneCycleLR,
    reference="torch.optim.lr_scheduler.OneCycleLR",
    aliases=("1cycle", "super-convergence", "warm-up"),
):
    """The learning rate rises to its top, falls to almost nothing by the end, and changes after every step.

    The rate of the optimizer is the top.
    """

    title = "One cycle"
    pct_start: float = field(0.3, "The part of the training that the rise takes.", minimum=0, maximum=0.99)
    anneal_strategy: str = field(
        "cos", "Whether it goes along a cosine or along a straight line.", choices=("cos", "linear")
    )
    cycle_momentum: bool = cycle_momentum()
    base_momentum: float = field(0.85, "The momentum where the rate is highest.", minimum=0, maximum=0.9999)
    max_momentum: float = field(0.95, "The momentum at the start and at the end.", minimum=0, maximum=0.9999)
    div_factor: float = field(
        25.0, "How many times smaller the first rate is than the top.", minimum=1, logarithmic=True
    )
    final_div_factor: float = field(
        1e4, "How many times smaller the last rate is than the first.", minimum=1, logarithmic=True
    )
    three_phase: bool = field(False, "Falls back to the first rate as quickly as it rose, and only then to the last.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.three_phase and self.pct_start > 0.5:
            raise SpecError("pct_start", "at most 0.5 with three phases", f"{self.pct_start:g}")

    @property
    def stepped(self) -> Stepped:
        return "step"

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        """Those that do not depend on the optimizer."""
        total, start = epochs * steps, self.pct_start
        while start * total == 1:  # a rise of no step at all, by which torch would divide
            start = math.nextafter(start, 1)
        return {
            "total_steps": total,
            "pct_start": start,
            "anneal_strategy": self.anneal_strategy,
            "base_momentum": self.base_momentum,
            "max_momentum": self.max_momentum,
            "div_factor": self.div_factor,
            "final_div_factor": self.final_div_factor,
            "three_phase": self.three_phase,
        }

    def build(self, optimizer: Any, epochs: int, steps: int) -> Any:
        return _OneCycle(
            optimizer,
            max_lr=[group["lr"] for group in optimizer.param_groups],
            cycle_momentum=self.cycle_momentum and has_momentum(optimizer),
            **self.arguments(epochs, steps),
        )

    def source(self, epochs: int, steps: int) -> str:
        arguments = "".join(f"    {name}={value!r},\n" for name, value in self.arguments(epochs, steps).items())
        return (
            "torch.optim.lr_scheduler.OneCycleLR(\n"
            "    optimizer,\n"
            '    max_lr=[group["lr"] for group in optimizer.param_groups],\n'
            f"    cycle_momentum={MOMENTUM_SOURCE if self.cycle_momentum else False},\n"
            f"{arguments}"
            ")"
        )
