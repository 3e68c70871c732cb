"""Power."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._operation import Pairwise, needs_numbers


class Power(Pairwise, formula="y = aᵇ", reference="torch.pow", aliases=("exponent",)):
    """Raises the first input to the power of the second, number by number."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [complaint for kind in types for complaint in needs_numbers(kind)]
        yield from wrong[:1] or super().check(*types)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0] ** tensors[1]
