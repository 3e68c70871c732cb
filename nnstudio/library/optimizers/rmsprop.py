"""RMSprop."""

from __future__ import annotations

import torch

from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import field
from nnstudio.library.optimizers._settings import epsilon, learning_rate, maximize, weight_decay


class RMSprop(
    Optimizer,
    formula="s ← α s + (1 − α) g²;  w ← w − lr g / (√s + ε)",
    torch_class=torch.optim.RMSprop,
    reference="torch.optim.RMSprop",
    aliases=("root mean square",),
):
    """Divides each step by the recent size of that weight's gradients."""

    lr: float = learning_rate(0.01)
    alpha: float = field(0.99, "How slowly the mean of the squared gradients forgets.", minimum=0, maximum=0.99999)
    eps: float = epsilon()
    momentum: float = field(0.0, "How much of the last step is kept in the next one.", minimum=0, maximum=0.9999)
    centered: bool = field(False, "Divides by the spread of the gradients around their mean, not by their size.")
    weight_decay: float = weight_decay()
    maximize: bool = maximize()
