"""Stochastic gradient descent."""

from __future__ import annotations

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import SpecError, field


class SGD(
    Optimizer,
    formula="v ← μ v + g;  w ← w − lr v",
    torch_class=torch.optim.SGD,
    reference="torch.optim.SGD",
    fixed={"fused": True},
    aliases=("gradient descent", "momentum", "nesterov"),
):
    """A step against the gradient, with momentum if wanted."""

    lr: float = field(0.1, "The learning rate: how far a step goes.", minimum=0, logarithmic=True)
    momentum: float = field(0.0, "How much of the last step is kept in the next one.", minimum=0, maximum=0.9999)
    nesterov: bool = field(False, "Look ahead: take the gradient where the momentum is leading.")
    weight_decay: float = field(
        0.0, "Pulls all weights towards zero, against overfitting.", minimum=0, logarithmic=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and self.momentum == 0:
            raise SpecError("nesterov", "a momentum above 0", "momentum 0")
