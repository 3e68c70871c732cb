"""Gaussian negative log-likelihood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.losses._distance import needs_outputs
from nnstudio.library.losses._labels import needs_numbers


class GaussianNLL(nn.Module):
    """torch's GaussianNLLLoss for one tensor [rows, 2 k]: k means, then k logarithms of variances."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6) -> None:
        super().__init__()
        self.loss = nn.GaussianNLLLoss(full=full, eps=eps)

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        mean, log_variance = output.chunk(2, dim=1)
        loss: torch.Tensor = self.loss(mean, target, log_variance.exp())
        return loss


class GaussianNLLLoss(
    Loss,
    formula="½ (log v + (m − y)² / v)",
    torch_class=GaussianNLL,
    own_source=(GaussianNLL,),
    reference="torch.nn.GaussianNLLLoss",
    aliases=("uncertainty", "mean and variance", "heteroscedastic regression"),
):
    """The surprise at a number where the network says its mean and how unsure it is of it.

    Two outputs for each number: all the means, then all the logarithms of the variances.
    """

    full: bool = field(False, "Adds the constant ½ log 2π, which changes the figure and not the training.")
    eps: float = field(1e-6, "The smallest variance that is believed.", minimum=0, above_minimum=True, logarithmic=True)

    values_source = "output.chunk(2, dim=1)[0]"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        wrong = list(needs_numbers(data, -float("inf")))
        yield from wrong
        if not wrong:
            of_what = ", a mean and the logarithm of a variance for each number"
            yield from needs_outputs(output, 2 * data.targets.shape[1], of_what)

    def probabilities(self, output: Any) -> Any:
        """The means."""
        return output.chunk(2, dim=1)[0]
