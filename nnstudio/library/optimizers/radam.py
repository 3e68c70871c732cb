"""RAdam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.library.optimizers._settings import (
    decoupled,
    epsilon,
    first_beta,
    learning_rate,
    maximize,
    second_beta,
    weight_decay,
)


class RAdam(
    Optimizer,
    formula="Adam times r, which grows from 0 to 1 as v̂ becomes known; at first w ← w − lr m̂",
    torch_class=torch.optim.RAdam,
    reference="torch.optim.RAdam",
    aliases=("rectified Adam", "warm-up"),
):
    """Adam that trusts its step sizes only when it has seen enough gradients: a warm-up of its own."""

    lr: float = learning_rate(0.001)
    beta1: float = first_beta()
    beta2: float = second_beta()
    eps: float = epsilon()
    weight_decay: float = weight_decay()
    decoupled_weight_decay: bool = decoupled()
    maximize: bool = maximize()

    def arguments(self) -> Mapping[str, Any]:
        return {
            "lr": self.lr,
            "betas": (self.beta1, self.beta2),
            "eps": self.eps,
            "weight_decay": self.weight_decay,
            "decoupled_weight_decay": self.decoupled_weight_decay,
            "maximize": self.maximize,
        }
