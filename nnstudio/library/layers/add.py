"""Add."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._joining import Joining, needs_alike


class Add(
    Joining,
    category="Combine",
    formula="y = a + b",
    reference="torch.add",
    aliases=("residual connection", "skip connection", "sum", "plus"),
):
    """Adds its inputs number by number: the join of a residual connection."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_alike(types)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return functools.reduce(operator.add, tensors)
