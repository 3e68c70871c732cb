"""RMSprop."""

from __future__ import annotations

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field


class RMSprop(
    Optimizer,
    formula="s ← α s + (1 − α) g²;  w ← w − lr g / (√s + ε)",
    torch_class=torch.optim.RMSprop,
    reference="torch.optim.RMSprop",
):
    """Divides each step by the recent size of that weight's gradients."""

    lr: float = field(0.01, "The learning rate: how far a step goes.", minimum=0, logarithmic=True)
    alpha: float = field(0.99, "How slowly the mean of the squared gradients forgets.", minimum=0, maximum=0.99999)
    eps: float = field(1e-8, "Keeps the division away from zero.", minimum=0, above_minimum=True, logarithmic=True)
    momentum: float = field(0.0, "How much of the last step is kept in the next one.", minimum=0, maximum=0.9999)
    weight_decay: float = field(
        0.0, "Pulls all weights towards zero, against overfitting.", minimum=0, logarithmic=True
    )
