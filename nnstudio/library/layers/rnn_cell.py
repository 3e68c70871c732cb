"""RNNCell."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._cells import Cell


class RNNCell(
    Cell,
    formula="h' = tanh(W x + b + U h + c)",
    torch_class=nn.RNNCell,
    reference="torch.nn.RNNCell",
    aliases=("recurrent", "step"),
):
    """One step of an RNN."""

    nonlinearity: str = field("tanh", "The function of the state.", choices=("tanh", "relu"))
