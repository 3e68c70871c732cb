"""The mean of the binary cross-entropies of several labels."""

from __future__ import annotations

from torch import nn

from nnstudio.library.losses._two_classes import Shares


class MultiLabelSoftMarginLoss(
    Shares,
    formula="mean over the labels of −y log σ(x) − (1 − y) log(1 − σ(x))",
    torch_class=nn.MultiLabelSoftMarginLoss,
    reference="torch.nn.MultiLabelSoftMarginLoss",
    aliases=("multi-label", "one against the rest"),
):
    """The mean surprise over several answers of yes or no for one row, each with an output of its own."""
