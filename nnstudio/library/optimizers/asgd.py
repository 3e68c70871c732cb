"""Averaged stochastic gradient descent."""

from __future__ import annotations

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field
from nnstudio.library.optimizers._settings import learning_rate, maximize, weight_decay


class ASGD(
    Optimizer,
    formula="η = lr / (1 + λ lr t)^α;  w ← w (1 − λ η) − η g",
    torch_class=torch.optim.ASGD,
    reference="torch.optim.ASGD",
    aliases=("averaged stochastic gradient descent",),
):
    """Gradient descent with a learning rate that falls by itself.

    Torch keeps the average of the weights from a late step on beside them; what is trained and shown are the weights.
    """

    lr: float = learning_rate(0.01)
    lambd: float = field(
        1e-4, "How quickly the learning rate falls, and the weights decay.", minimum=0, logarithmic=True
    )
    alpha: float = field(0.75, "The power with which the learning rate falls.", minimum=0)
    t0: float = field(
        1e6, "The step from which on the weights are averaged.", minimum=0, unit="steps", logarithmic=True
    )
    weight_decay: float = weight_decay()
    maximize: bool = maximize()
