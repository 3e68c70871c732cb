"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field


class Adam(
    Optimizer,
    formula="m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − lr m̂ / (√v̂ + ε)",
    torch_class=torch.optim.Adam,
    reference="torch.optim.Adam",
):
    """Momentum, and a step size of its own for each weight: the usual first choice."""

    lr: float = field(0.001, "The learning rate: how far a step goes.", minimum=0, logarithmic=True)
    beta1: float = field(0.9, "How slowly the mean of the gradients forgets.", minimum=0, maximum=0.99999)
    beta2: float = field(0.999, "How slowly the mean of the squared gradients forgets.", minimum=0, maximum=0.999999)
    eps: float = field(1e-8, "Keeps the division away from zero.", minimum=0, above_minimum=True, logarithmic=True)
    weight_decay: float = field(
        0.0, "Adds the weights to their gradients, which pulls them towards zero.", minimum=0, logarithmic=True
    )

    def arguments(self) -> Mapping[str, Any]:
        return {
            "lr": self.lr,
            "betas": (self.beta1, self.beta2),
            "eps": self.eps,
            "weight_decay": self.weight_decay,
            "fused": True,  # one kernel for all weights: the quickest of torch's ways, on every device
        }
