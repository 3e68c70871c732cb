"""RNN."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._recurrent import Recurrent


class RNN(
    Recurrent,
    formula="hₜ = tanh(W xₜ + b + U hₜ₋₁ + c)",
    torch_class=nn.RNN,
    reference="torch.nn.RNN",
    aliases=("recurrent", "elman", "simple rnn"),
):
    """Goes through a sequence and mixes each step with what it remembers; it forgets soon."""

    nonlinearity: str = field("tanh", "The function of the state.", choices=("tanh", "relu"))
