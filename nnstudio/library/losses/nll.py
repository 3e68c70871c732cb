"""Negative log-likelihood."""

from __future__ import annotations

from typing import Any

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.losses._over_classes import OverClasses


class NLLLoss(
    OverClasses,
    formula="−output[class]",
    torch_class=nn.NLLLoss,
    reference="torch.nn.NLLLoss",
    aliases=("negative log likelihood",),
    weighs_classes="weight",
):
    """The surprise at the true class, from logarithms of probabilities that a LogSoftmax before the Output has made.

    CrossEntropyLoss is both in one. Where every place of a row has a class, the outputs are [B, classes, places…].
    """

    ignore_index: int = field(-100, "The class number whose rows and places do not count in the loss.")

    @property
    def ignored(self) -> int | None:
        return self.ignore_index

    def probabilities(self, output: Any) -> Any:
        return output.exp()
