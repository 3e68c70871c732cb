"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.library.optimizers._settings import (
    amsgrad,
    epsilon,
    first_beta,
    learning_rate,
    maximize,
    second_beta,
    weight_decay,
)


class Adam(
    Optimizer,
    formula="m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − lr m̂ / (√v̂ + ε)",
    torch_class=torch.optim.Adam,
    reference="torch.optim.Adam",
    aliases=("adaptive moments", "amsgrad"),
):
    """Momentum, and a step size of its own for each weight: the usual first choice."""

    lr: float = learning_rate(0.001)
    beta1: float = first_beta()
    beta2: float = second_beta()
    eps: float = epsilon()
    weight_decay: float = weight_decay()
    amsgrad: bool = amsgrad()
    maximize: bool = maximize()

    def arguments(self) -> Mapping[str, Any]:
        return {
            "lr": self.lr,
            "betas": (self.beta1, self.beta2),
            "eps": self.eps,
            "weight_decay": self.weight_decay,
            "amsgrad": self.amsgrad,
            "maximize": self.maximize,
            "fused": True,  # one kernel for all weights: the quickest of torch's ways, on every device
        }
