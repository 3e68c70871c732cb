"""Where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._joining import needs_broadcast, needs_one_type
from nnstudio.library.layers._operation import Operation, needs_truth


class Where(
    Operation,
    category="Combine",
    formula="y = a where the condition is true, else b",
    reference="torch.where",
    aliases=("select", "if", "condition", "mix"),
    inputs=(Port("condition", "True or false, such as a Compare gives."), Port("a"), Port("b")),
    example=(TensorType((6,), "bool"), TensorType((6,)), TensorType((6,))),
):
    """Takes each number from one of two inputs, as a condition says."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [*needs_truth(types[0], "condition"), *needs_one_type(types[1:])]
        yield from wrong or needs_broadcast(types, ("condition", "a", "b"))

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.where(*tensors)
