"""Logical."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._operation import Pairwise, needs_truth

_WORDS = {"and": operator.and_, "or": operator.or_, "exclusive or": operator.xor}


class Logical(
    Pairwise,
    formula="y = a and b",
    reference="torch.logical_and",
    aliases=("and", "or", "xor", "logical_or", "logical_xor", "combine masks", "&", "|"),
    example=(TensorType((6,), "bool"), TensorType((6,), "bool")),
):
    """Joins two masks: true where both are, or where one of them is."""

    word: str = field("and", "When the result is true.", choices=tuple(_WORDS))

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [problem for kind, name in zip(types, "ab", strict=True) for problem in needs_truth(kind, name)]
        yield from wrong[:1] or super().check(*types)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return _WORDS[self.word](*tensors)

    def summary(self, *shapes: Shape) -> str:
        return f"a {self.word} b"
