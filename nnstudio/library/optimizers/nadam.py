"""NAdam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field
from nnstudio.library.optimizers._settings import (
    decoupled,
    epsilon,
    first_beta,
    learning_rate,
    maximize,
    second_beta,
    weight_decay,
)


class NAdam(
    Optimizer,
    formula="Adam, with m̂ ← μ′ m / (1 − Π μ μ′) + (1 − μ) g / (1 − Π μ);  μ = β₁ (1 − ½ 0.96^(t ψ))",
    torch_class=torch.optim.NAdam,
    reference="torch.optim.NAdam",
    aliases=("Nesterov Adam",),
):
    """Adam with Nesterov's look ahead: the gradient counts where the momentum is leading."""

    lr: float = learning_rate(0.002)
    beta1: float = first_beta()
    beta2: float = second_beta()
    eps: float = epsilon()
    weight_decay: float = weight_decay()
    momentum_decay: float = field(
        0.004, "How quickly the momentum grows to its full size; larger is quicker.", minimum=0, logarithmic=True
    )
    decoupled_weight_decay: bool = decoupled()
    maximize: bool = maximize()

    def arguments(self) -> Mapping[str, Any]:
        return {
            "lr": self.lr,
            "betas": (self.beta1, self.beta2),
            "eps": self.eps,
            "weight_decay": self.weight_decay,
            "momentum_decay": self.momentum_decay,
            "decoupled_weight_decay": self.decoupled_weight_decay,
            "maximize": self.maximize,
        }
