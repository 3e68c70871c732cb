"""Arithmetic with a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import whole
from nnstudio.library.layers._operation import Function

_OPERATIONS: dict[str, Callable[[Any, float], Any]] = {
    "x + c": lambda x, c: x + c,
    "x - c": lambda x, c: x - c,
    "c - x": lambda x, c: c - x,
    "x * c": lambda x, c: x * c,
    "x / c": lambda x, c: x / c,
    "c / x": lambda x, c: c / x,
    "x ** c": lambda x, c: x**c,
    "c ** x": lambda x, c: c**x,
}


class Arithmetic(
    Function,
    formula="y = x c",
    reference="torch.mul",
    aliases=("scale", "add number", "multiply by", "divide by", "power", "scalar", "offset"),
):
    """Computes with each number and one number c that is not learned: scales, shifts, divides, raises to a power."""

    title = "Arithmetic with a number"

    operation: str = field("x * c", "What is done with each number x and the number c.", choices=tuple(_OPERATIONS))
    number: float = field(2.0, "The number c; a whole number keeps whole numbers whole, but in a division.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.operation == "x / c" and self.number == 0:
            raise SpecError("number", "a number other than 0 to divide by", "0")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from super().check(*types)
        if self.operation == "x ** c" and types[0].dtype == "int64" and self.number < 0 and self.number.is_integer():
            yield Complaint("numbers with a fraction (float32)", "whole numbers (int64)", "Add a Cast before it.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return _OPERATIONS[self.operation](tensors[0], whole(self.number))

    def summary(self, *shapes: Shape) -> str:
        return self.operation.replace("c", f"{self.number:g}")
