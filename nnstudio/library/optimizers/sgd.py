"""Stochastic gradient descent."""

from __future__ import annotations

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import SpecError, field
from nnstudio.library.optimizers._settings import learning_rate, maximize, weight_decay


class SGD(
    Optimizer,
    formula="v ← μ v + (1 − τ) g;  w ← w − lr v",
    torch_class=torch.optim.SGD,
    reference="torch.optim.SGD",
    fixed={"fused": True},
    aliases=("gradient descent", "momentum", "nesterov"),
):
    """A step against the gradient, with momentum if wanted."""

    lr: float = learning_rate(0.1)
    momentum: float = field(0.0, "How much of the last step is kept in the next one.", minimum=0, maximum=0.9999)
    dampening: float = field(0.0, "How much less the new gradient counts beside the momentum.", minimum=0, maximum=1)
    nesterov: bool = field(False, "Look ahead: take the gradient where the momentum is leading.")
    weight_decay: float = weight_decay()
    maximize: bool = maximize()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and self.momentum == 0:
            raise SpecError("nesterov", "a momentum above 0", "momentum 0")
        if self.nesterov and self.dampening != 0:
            raise SpecError("nesterov", "no dampening", f"dampening {self.dampening:g}")
