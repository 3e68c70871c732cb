"""Detach."""

from __future__ import annotations

from typing import Any

from nnstudio.library.layers._operation import Operation


class Detach(
    Operation,
    category="Mathematics",
    formula="y = x, no gradient",
    reference="torch.Tensor.detach",
    aliases=("stop gradient", "no gradient", "no_grad", "constant"),
):
    """Passes on what it gets and lets no gradient back, so that what lies before it does not learn from here."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0].detach()
