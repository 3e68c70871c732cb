"""LogicalNot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._operation import Operation, needs_truth


class LogicalNot(
    Operation,
    category="Mathematics",
    formula="y = not x",
    reference="torch.logical_not",
    aliases=("invert", "inverse mask", "~"),
    example=(TensorType((6,), "bool"),),
):
    """Turns true into false and false into true: the opposite mask."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_truth(types[0], "input")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return ~tensors[0]
