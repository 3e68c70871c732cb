"""Binary cross-entropy on probabilities."""

from __future__ import annotations

from typing import Any

from torch import nn

from nnstudio.library.losses._two_classes import Shares


class BCELoss(
    Shares,
    formula="−y log p − (1 − y) log(1 − p)",
    torch_class=nn.BCELoss,
    reference="torch.nn.BCELoss",
    aliases=("binary cross entropy", "log loss"),
):
    """The surprise at the true one of two classes, from a probability that a Sigmoid before the Output has made.

    BCEWithLogitsLoss takes the same score without the Sigmoid, and is exact where a probability is close to 0 or 1.
    """

    classes_source = "(output[:, 0] > 0.5).long()"
    values_source = "output"

    def probabilities(self, output: Any) -> Any:
        return output

    def classes(self, output: Any) -> Any:
        return (output[:, 0] > 0.5).long()
