"""The logistic loss on two classes called −1 and 1."""

from __future__ import annotations

from torch import nn

from nnstudio.library.losses._two_classes import Signed


class SoftMarginLoss(
    Signed,
    formula="log(1 + exp(−y x)), y = −1 or 1",
    torch_class=nn.SoftMarginLoss,
    reference="torch.nn.SoftMarginLoss",
    aliases=("logistic loss",),
):
    """The surprise at the true one of two classes, written with −1 and 1; the same as BCEWithLogitsLoss."""
