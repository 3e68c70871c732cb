"""GRU."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._recurrent import Recurrent


class GRU(
    Recurrent,
    formula="hₜ = (1 − z) n + z hₜ₋₁",
    torch_class=nn.GRU,
    reference="torch.nn.GRU",
    aliases=("recurrent", "gated recurrent unit"),
):
    """Goes through a sequence; two gates decide what is remembered and what is replaced."""
