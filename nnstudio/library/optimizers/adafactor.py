"""Adafactor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field
from nnstudio.library.optimizers._settings import learning_rate, maximize


class Adafactor(
    Optimizer,
    formula="v̂ ← row means of g² × column means of g² / their mean;  w ← w − lr max(ε₂, ‖w‖) g / √v̂, clipped at d",
    torch_class=torch.optim.Adafactor,
    reference="torch.optim.Adafactor",
    aliases=("memory", "T5"),
):
    """Keeps one number for each row and column of a weight, not for each weight: Adam's steps with far less memory."""

    lr: float = learning_rate(0.01)
    beta2_decay: float = field(
        -0.8, "How quickly the mean of the squared gradients slows down; further below 0 is quicker.", maximum=0
    )
    eps1: float | None = field(
        None, "Keeps the squared gradients away from zero; by default the precision of the weights.", minimum=0
    )
    eps2: float = field(1e-3, "The least size that a weight is taken to have.", minimum=0, logarithmic=True)
    d: float = field(1.0, "Steps whose mean size is above this are made smaller.", minimum=1)
    weight_decay: float = field(
        0.0,
        "The part of each weight that is taken away in a step, in units of the learning rate.",
        minimum=0,
        logarithmic=True,
    )
    maximize: bool = maximize()

    def arguments(self) -> Mapping[str, Any]:
        return {
            "lr": self.lr,
            "beta2_decay": self.beta2_decay,
            "eps": (self.eps1, self.eps2),
            "d": self.d,
            "weight_decay": self.weight_decay,
            "maximize": self.maximize,
        }
