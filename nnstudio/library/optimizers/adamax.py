"""Adamax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field
from nnstudio.library.optimizers._settings import epsilon, first_beta, learning_rate, maximize, weight_decay


class Adamax(
    Optimizer,
    formula="m ← β₁ m + (1 − β₁) g;  u ← max(β₂ u, |g| + ε);  w ← w − lr m̂ / u",
    torch_class=torch.optim.Adamax,
    reference="torch.optim.Adamax",
    aliases=("infinity norm",),
):
    """Adam that divides by the largest recent gradient of a weight, not by a mean: calm where gradients are rare."""

    lr: float = learning_rate(0.002)
    beta1: float = first_beta()
    beta2: float = field(0.999, "How slowly the largest gradient is forgotten.", minimum=0, maximum=0.999999)
    eps: float = epsilon()
    weight_decay: float = weight_decay()
    maximize: bool = maximize()

    def arguments(self) -> Mapping[str, Any]:
        return {
            "lr": self.lr,
            "betas": (self.beta1, self.beta2),
            "eps": self.eps,
            "weight_decay": self.weight_decay,
            "maximize": self.maximize,
        }
