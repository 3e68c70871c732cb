"""LogSumExp."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._reduction import Reduction


class LogSumExp(
    Reduction, formula="y = ln Σ eˣ", reference="torch.logsumexp", aliases=("soft maximum", "log partition")
):
    """Takes the logarithm of the sum of exponentials along axes: a soft maximum."""

    whole_numbers = False

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].logsumexp(**self.along)
