"""The schedule of the Transformer."""

from __future__ import annotations

from typing import Any

from torch.optim import lr_scheduler

from nnstudio.core.kinds import Schedule, Stepped
from nnstudio.core.spec import field


class InverseSquareRoot(
    Schedule,
    formula="lr min(step / warm-up, √(warm-up / step))",
    torch_class=lr_scheduler.LambdaLR,
    reference="Attention Is All You Need, section 5.3",
    aliases=("Noam", "Transformer", "warm-up", "rsqrt"),
):
    """The learning rate rises along a line and then falls with the square root of the steps, as for the Transformer.

    The rate of the optimizer is its top.
    """

    title = "Inverse square root"
    warmup_steps: int = field(400, "How many steps the rise takes.", minimum=1, unit="steps", logarithmic=True)

    @property
    def stepped(self) -> Stepped:
        return "step"

    def build(self, optimizer: Any, epochs: int, steps: int) -> Any:
        rise = self.warmup_steps
        return lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / rise, (rise / (step + 1)) ** 0.5))

    def source(self, epochs: int, steps: int) -> str:
        rise = self.warmup_steps
        function = f"lambda step: min((step + 1) / {rise}, ({rise} / (step + 1)) ** 0.5)"
        return f"torch.optim.lr_scheduler.LambdaLR(optimizer, {function})"
