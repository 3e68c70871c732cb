"""OneHot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._operation import Operation


class OneHot(
    Operation,
    category="Mathematics",
    formula="2 → 0 0 1 0",
    reference="torch.nn.functional.one_hot",
    aliases=("one-hot", "dummy", "categories", "indicator", "classes"),
    example=(TensorType((1,), "int64"),),
):
    """Turns each whole number into a row of zeros with a one at its place; add a Cast to compute with it."""

    num_classes: int = field(100, "How many different numbers there may be, counted from 0.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        if types[0].dtype != "int64":
            yield Complaint("whole numbers (int64)", f"{types[0].dtype}", "Add a Cast before it.")

    def output_type(self, *types: TensorType) -> TensorType:
        # torch refuses on the meta device, since it looks at the numbers
        kind = types[0]
        return TensorType((*kind.shape, self.num_classes), "int64", kind.rows, kind.axis)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return nn.functional.one_hot(tensors[0], self.num_classes)

    def summary(self, *shapes: Shape) -> str:
        return f"{self.num_classes} classes"
