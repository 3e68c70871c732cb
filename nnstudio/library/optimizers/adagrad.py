"""Adagrad."""

from __future__ import annotations

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field
from nnstudio.library.optimizers._settings import epsilon, learning_rate, maximize, weight_decay


class Adagrad(
    Optimizer,
    formula="s ← s + g²;  w ← w − lr / (1 + t η) · g / (√s + ε)",
    torch_class=torch.optim.Adagrad,
    reference="torch.optim.Adagrad",
    fixed={"fused": True},
    aliases=("adaptive gradient",),
):
    """Divides each step by the size of all of that weight's gradients so far: rare inputs get large steps."""

    lr: float = learning_rate(0.01)
    lr_decay: float = field(
        0.0, "How quickly the learning rate falls with the steps, beside that.", minimum=0, logarithmic=True
    )
    weight_decay: float = weight_decay()
    initial_accumulator_value: float = field(
        0.0, "What the sum of the squared gradients begins with: more makes the first steps smaller.", minimum=0
    )
    eps: float = epsilon(1e-10)
    maximize: bool = maximize()
