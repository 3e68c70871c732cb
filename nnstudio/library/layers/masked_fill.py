"""MaskedFill."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import whole
from nnstudio.library.layers._joining import needs_broadcast
from nnstudio.library.layers._operation import Operation, needs_truth


class MaskedFill(
    Operation,
    category="Mathematics",
    formula="y = value where the mask is true, else x",
    reference="torch.Tensor.masked_fill",
    aliases=("mask", "hide", "attention mask", "padding mask"),
    inputs=(Port("input"), Port("mask", "True where the value is put.")),
    example=(TensorType((6,)), TensorType((6,), "bool")),
):
    """Puts one value wherever a mask is true: −inf before a softmax hides a place."""

    value: float | str = field("-inf", "What is put there: a number, or minus infinity.", choices=("-inf", "inf"))

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_truth(types[1], "mask"))
        if not wrong and types[0].dtype != "float32" and not self._fits(types[0].dtype):
            fix = "Add a Cast before it, or use another value."
            wrong = [Complaint(f"a value that is {types[0].dtype}", f"{self.value}", fix)]
        yield from wrong or needs_broadcast(types, ("input", "mask"))

    def _fits(self, dtype: str) -> bool:
        """Whether whole numbers, or true and false, can take the value."""
        if isinstance(self.value, str) or not self.value.is_integer():
            return False
        return dtype == "int64" or self.value in (0, 1)

    def apply(self, module: Any, *tensors: Any) -> Any:
        value = float(self.value) if isinstance(self.value, str) else whole(self.value)
        return tensors[0].masked_fill(tensors[1], value)

    def summary(self, *shapes: Shape) -> str:
        return f"{self.value if isinstance(self.value, str) else format(self.value, 'g')} where masked"
