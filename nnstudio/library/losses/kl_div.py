"""Kullback-Leibler divergence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from torch import nn

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.losses._distance import needs_outputs
from nnstudio.library.losses._labels import needs_numbers


class KLDivLoss(
    Loss,
    formula="Σ y (log y − output), the mean over the rows",
    torch_class=nn.KLDivLoss,
    reference="torch.nn.KLDivLoss",
    aliases=("Kullback-Leibler", "relative entropy", "distribution"),
):
    """How far predicted shares, which add up to 1, are from the true ones.

    The output is the logarithm of the shares, which a LogSoftmax makes. Torch's own mean divides by the number of
    shares as well; this is the mean over the rows, as its documentation advises ("batchmean").
    """

    log_target: bool = field(False, "Whether the targets are logarithms of shares too.")

    values_source = "output.exp()"

    def arguments(self) -> Mapping[str, Any]:
        return {"reduction": "batchmean", "log_target": self.log_target}

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        low, high = (-np.inf, 0) if self.log_target else (0, 1)
        wrong = list(needs_numbers(data, low, high, "shares"))
        yield from wrong
        if wrong or not data.rows:
            return
        some = np.asarray(data.targets[:: max(1, data.rows // 10_000)], np.float64)
        sums = (np.exp(some) if self.log_target else some).sum(axis=1)
        odd = np.flatnonzero(np.abs(sums - 1) > 1e-3)
        if len(odd):
            needed, got = "shares that add up to 1 in every row", f"a row whose sum is {sums[odd[0]]:g}"
            yield Complaint(needed, got, "Choose MSELoss at the Output.")
        else:
            yield from needs_outputs(output, data.targets.shape[1])

    def probabilities(self, output: Any) -> Any:
        """The shares."""
        return output.exp()
