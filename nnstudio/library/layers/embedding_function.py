"""EmbeddingFunction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._operation import Operation
from nnstudio.library.layers._reduction import needs_fractions


class EmbeddingFunction(
    Operation,
    category="Constants and parameters",
    formula="y = W[x]",
    reference="torch.nn.functional.embedding",
    aliases=("tied weights", "lookup", "shared embedding", "relative position bias", "table"),
    inputs=(
        Port("index", "Whole numbers, from 0 on."),
        Port("weight", "The table [numbers, features], without a batch axis."),
    ),
    example=(TensorType((1,), "int64"), TensorType((100, 4), rows=0)),
):
    """Looks up vectors in a table that comes along a wire: for a table that is learned elsewhere."""

    title = "Embedding with a given table"

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        index, weight = types
        if index.dtype != "int64":
            got = f"index {index.text} ({index.dtype})"
            yield Complaint("whole numbers (int64), such as tokens", got, "Add a Cast before it.", port="index")
        elif wrong := list(needs_fractions(weight)):
            yield wrong[0]
        elif weight.rows or len(weight.shape) != 2:
            fix = "Wire a Parameter to it."
            got = f"weight {weight.text}"
            yield Complaint("a table [numbers, features] without a batch axis", got, fix, port="weight")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return nn.functional.embedding(*tensors)
