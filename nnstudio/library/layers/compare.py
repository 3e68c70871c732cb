"""Compare."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import whole
from nnstudio.library.layers._joining import needs_alike
from nnstudio.library.layers._operation import Operation

_RELATIONS = {
    "greater": (operator.gt, ">"),
    "at least": (operator.ge, "≥"),
    "less": (operator.lt, "<"),
    "at most": (operator.le, "≤"),
    "equal": (operator.eq, "="),
    "not equal": (operator.ne, "≠"),
}


class Compare(
    Operation,
    category="Mathematics",
    formula="y = a > b",
    reference="torch.gt",
    aliases=("greater", "less", "equal", "threshold", "mask", "gt", "ge", "lt", "le", "eq", "ne"),
    inputs=(
        Port("a"),
        Port("b", "What it is compared with; without a wire it is the number in the settings.", optional=True),
    ),
    example=(TensorType((6,)), TensorType((6,))),
):
    """Says of each number whether it is larger, smaller or equal: true or false, for masks and conditions."""

    relation: str = field("greater", "What is asked of a.", choices=tuple(_RELATIONS))
    number: float = field(0.0, "What a is compared with where nothing is wired to b.")

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        yield from needs_alike([kind for kind in types if kind is not None])

    def apply(self, module: Any, *tensors: Any) -> Any:
        compared, _ = _RELATIONS[self.relation]
        return compared(tensors[0], whole(self.number) if tensors[1] is None else tensors[1])

    def summary(self, *shapes: Shape) -> str:
        other = f"{self.number:g}" if shapes[1:] in ((), (None,)) else "b"
        return f"a {_RELATIONS[self.relation][1]} {other}"
