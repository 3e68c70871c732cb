"""GRUCell."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._cells import Cell


class GRUCell(
    Cell,
    formula="h' = (1 − z) n + z h",
    torch_class=nn.GRUCell,
    reference="torch.nn.GRUCell",
    aliases=("recurrent", "step"),
):
    """One step of a GRU."""
