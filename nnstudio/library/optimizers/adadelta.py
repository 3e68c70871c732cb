"""Adadelta."""

from __future__ import annotations

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field
from nnstudio.library.optimizers._settings import epsilon, learning_rate, maximize, weight_decay


class Adadelta(
    Optimizer,
    formula="v ← ρ v + (1 − ρ) g²;  Δ ← √(u + ε) / √(v + ε) · g;  u ← ρ u + (1 − ρ) Δ²;  w ← w − lr Δ",
    torch_class=torch.optim.Adadelta,
    reference="torch.optim.Adadelta",
    aliases=("adaptive learning rate",),
):
    """Measures each step by the size of the steps before it, so that hardly any learning rate has to be chosen."""

    lr: float = learning_rate(1.0)
    rho: float = field(0.9, "How slowly the two means forget.", minimum=0, maximum=0.99999)
    eps: float = epsilon(1e-6)
    weight_decay: float = weight_decay()
    maximize: bool = maximize()
