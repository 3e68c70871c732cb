"""A learning rate that goes up and down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule, Stepped
from nnstudio.core.spec import field
from nnstudio.library.schedules._settings import MOMENTUM_SOURCE, cycle_momentum, has_momentum


class CyclicLR(
    Schedule,
    formula="from lr × base factor up to lr and back, again and again",
    torch_class=lr_scheduler.CyclicLR,
    reference="torch.optim.lr_scheduler.CyclicLR",
    aliases=("triangular", "cyclical learning rate", "CLR"),
):
    """The learning rate goes up and down between two bounds, and changes after every step.

    The rate of the optimizer is the upper bound.
    """

    title = "Cyclic"
    base_factor: float = field(
        0.1, "The lower bound, as a part of the learning rate.", minimum=0, maximum=1, above_minimum=True
    )
    step_size_up: int | None = field(
        None,
        "How many steps the way up takes; by default there are four cycles in a training.",
        minimum=1,
        unit="steps",
    )
    step_size_down: int | None = field(
        None, "How many steps the way down takes; by default as many as the way up.", minimum=1, unit="steps"
    )
    mode: str = field(
        "triangular",
        "Whether all cycles are as high, or each half as high as the one before, or lower with every step.",
        choices=("triangular", "triangular2", "exp_range"),
    )
    gamma: float = field(
        0.999, "With exp_range: the factor of the height after each step.", minimum=0, maximum=1, above_minimum=True
    )
    cycle_momentum: bool = cycle_momentum()
    base_momentum: float = field(0.8, "The momentum where the rate is highest.", minimum=0, maximum=0.9999)
    max_momentum: float = field(0.9, "The momentum where the rate is lowest.", minimum=0, maximum=0.9999)

    @property
    def stepped(self) -> Stepped:
        return "step"

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        """Those that do not depend on the optimizer."""
        return {
            "step_size_up": self.step_size_up or max(1, epochs * steps // 8),
            "step_size_down": self.step_size_down,
            "mode": self.mode,
            "gamma": self.gamma,
            "base_momentum": self.base_momentum,
            "max_momentum": self.max_momentum,
        }

    def build(self, optimizer: Any, epochs: int, steps: int) -> Any:
        return lr_scheduler.CyclicLR(
            optimizer,
            base_lr=[group["lr"] * self.base_factor for group in optimizer.param_groups],
            max_lr=[group["lr"] for group in optimizer.param_groups],
            cycle_momentum=self.cycle_momentum and has_momentum(optimizer),
            **self.arguments(epochs, steps),
        )

    def source(self, epochs: int, steps: int) -> str:
        arguments = "".join(f"    {name}={value!r},\n" for name, value in self.arguments(epochs, steps).items())
        return (
            "torch.optim.lr_scheduler.CyclicLR(\n"
            "    optimizer,\n"
            f'    base_lr=[group["lr"] * {self.base_factor!r} for group in optimizer.param_groups],\n'
            '    max_lr=[group["lr"] for group in optimizer.param_groups],\n'
            f"    cycle_momentum={MOMENTUM_SOURCE if self.cycle_momentum else False},\n"
            f"{arguments}"
            ")"
        )
