"""Settings that several schedules have, in the same words."""

from __future__ import annotations

from typing import Any

from nnstudio.core.kinds import Schedule, Stepped
from nnstudio.core.spec import field


def every() -> Any:
    return field(
        "epoch",
        "When the rate changes: after every epoch, or a little after every step.",
        choices=("epoch", "step"),
    )


def end_rate() -> Any:
    return field(0.0, "The learning rate at the end.", minimum=0, logarithmic=True)


def start_factor() -> Any:
    return field(0.1, "The part of the learning rate to begin with.", minimum=0, maximum=1, above_minimum=True)


def warmup_epochs() -> Any:
    return field(5, "How many epochs the rise takes.", minimum=1, unit="epochs")


def warmup_steps() -> Any:
    return field(
        None,
        "How many steps the rise takes, where it is counted in steps: then the rate changes after every step.",
        minimum=1,
        unit="steps",
    )


def cycle_momentum() -> Any:
    return field(True, "Lets the momentum (Adam's first beta) fall while the rate rises, where there is one.")


class Smooth(Schedule, abstract=True):
    """A schedule whose lengths are epochs, and that may change the rate after every step within them."""

    every: str = every()

    @property
    def stepped(self) -> Stepped:
        return "step" if self.every == "step" else "epoch"

    def length(self, epochs: int, steps: int) -> int:
        """How often it is stepped in so many epochs of so many steps."""
        return epochs * steps if self.every == "step" else epochs


class WarmingUp(Schedule, abstract=True):
    """A schedule that begins with a rise, over some epochs or some steps."""

    start_factor: float = start_factor()
    warmup_epochs: int = warmup_epochs()
    warmup_steps: int | None = warmup_steps()

    @property
    def stepped(self) -> Stepped:
        return "epoch" if self.warmup_steps is None else "step"

    @property
    def rise(self) -> int:
        """How often it is stepped until the rise is over."""
        return self.warmup_epochs if self.warmup_steps is None else self.warmup_steps


# In words for a script, and as it is done here: whether an optimizer has a momentum that can fall and rise.
MOMENTUM_SOURCE = 'bool(optimizer.defaults.get("momentum") or optimizer.defaults.get("betas"))'


def has_momentum(optimizer: Any) -> bool:
    return bool(optimizer.defaults.get("momentum") or optimizer.defaults.get("betas"))
