"""Binary cross-entropy on raw scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from nnstudio.library.losses._two_classes import Shares


class BCEWithLogitsLoss(
    Shares,
    formula="−y log σ(x) − (1 − y) log(1 − σ(x))",
    torch_class=nn.BCEWithLogitsLoss,
    reference="torch.nn.BCEWithLogitsLoss",
    aliases=("binary cross entropy", "logistic loss", "multi-label", "sigmoid loss"),
    weighs_classes="pos_weight",
):
    """The surprise at the true one of two classes. One output; its sigmoid is the probability of the second class.

    With several columns of numbers from 0 to 1 each has an output of its own: several labels for one row.
    """

    weighing_source = "weights[1:] / weights[:1]"

    def weighing(self, class_weights: Any) -> Mapping[str, Any]:
        """Torch weighs the second class alone: how much more it counts than the first."""
        return {} if class_weights is None else {"pos_weight": class_weights[1:] / class_weights[:1]}
