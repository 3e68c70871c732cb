"""Subtract."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._operation import Pairwise, needs_numbers


class Subtract(Pairwise, formula="y = a - b", reference="torch.sub", aliases=("minus", "difference")):
    """Takes the second input from the first, number by number."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [complaint for kind in types for complaint in needs_numbers(kind)]
        yield from wrong[:1] or super().check(*types)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0] - tensors[1]
