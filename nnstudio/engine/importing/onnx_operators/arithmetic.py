"""Operators on two or more tensors, number by number: arithmetic, comparisons, choices."""

from __future__ import annotations

import math
from typing import Any

from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_operators.table import layer, operator, rounded
from nnstudio.engine.importing.onnx_values import Known
from nnstudio.engine.importing.translate import Refused


def number_of(value: Any, other: Any) -> float | None:
    """A known value as one number, where the result has the axes of the other value all the same."""
    if not isinstance(value, Known) or not isinstance(other, Tensor):
        return None
    found = value.number()
    if found is None or value.first.ndim > other.type.axes or value.learned or not math.isfinite(found):
        return None
    return rounded(found) if value.first.dtype.kind == "f" else found


def _whole(*values: Any) -> bool:
    return all(
        (value.type.dtype if isinstance(value, Tensor) else str(value.first.dtype)) in ("int64", "int32")
        for value in values
    )


def _pair(work: Any, a: Any, b: Any, form: str, turned: str, name: str) -> Any:
    right, left = number_of(b, a), number_of(a, b)
    if right is not None:
        return work.one(layer("Arithmetic", operation=form, number=right), a)
    if left is not None:
        return work.one(layer("Arithmetic", operation=turned, number=left), b)
    return work.one(layer(name), a, b)


@operator("Add")
def _add(work: Any, a: Any, b: Any) -> Any:
    return _pair(work, a, b, "x + c", "x + c", "Add")


@operator("Sub")
def _subtract(work: Any, a: Any, b: Any) -> Any:
    return _pair(work, a, b, "x - c", "c - x", "Subtract")


@operator("Mul")
def _multiply(work: Any, a: Any, b: Any) -> Any:
    return _pair(work, a, b, "x * c", "x * c", "Multiply")


@operator("Div")
def _divide(work: Any, a: Any, b: Any) -> Any:
    if _whole(a, b):
        raise Refused("it divides whole numbers and rounds; there is no layer for that")
    return _pair(work, a, b, "x / c", "c / x", "Divide")


@operator("Pow")
def _power(work: Any, a: Any, b: Any) -> Any:
    if number_of(b, a) == 2:
        return work.one(layer("Square"), a)
    return _pair(work, a, b, "x ** c", "c ** x", "Power")


def _several(name: str) -> Any:
    def made(work: Any, *values: Any) -> Any:
        total = values[0]
        for value in values[1:]:
            limit = number_of(value, total)
            if limit is not None and name != "Add":
                bound = {"minimum": limit} if name == "Maximum" else {"minimum": None, "maximum": limit}
                total = work.one(layer("Clamp", **bound), total)
            else:
                total = work.one(layer(name), total, value)
        return total

    return made


operator("Max")(_several("Maximum"))
operator("Min")(_several("Minimum"))
operator("Sum")(_several("Add"))


_RELATIONS = {
    "Greater": ("greater", "less"),
    "GreaterOrEqual": ("at least", "at most"),
    "Less": ("less", "greater"),
    "LessOrEqual": ("at most", "at least"),
    "Equal": ("equal", "equal"),
}


def _compare(relation: str, turned: str) -> Any:
    def made(work: Any, a: Any, b: Any) -> Any:
        right, left = number_of(b, a), number_of(a, b)
        if right is not None:
            return work.one(layer("Compare", relation=relation, number=right), a)
        if left is not None:
            return work.one(layer("Compare", relation=turned, number=left), b)
        return work.one(layer("Compare", relation=relation), a, b)

    return made


for _operator, _words in _RELATIONS.items():
    operator(_operator)(_compare(*_words))


def _logical(word: str) -> Any:
    def made(work: Any, a: Any, b: Any) -> Any:
        return work.one(layer("Logical", word=word), a, b)

    return made


for _operator, _word in {"And": "and", "Or": "or", "Xor": "exclusive or"}.items():
    operator(_operator)(_logical(_word))


@operator("Where")
def _where(work: Any, condition: Any, a: Any, b: Any) -> Any:
    if isinstance(a, Known) and isinstance(b, Tensor) and a.first.size == 1 and not a.learned:
        found = float(a.first.reshape(-1)[0])
        value: Any = {math.inf: "inf", -math.inf: "-inf"}.get(found, found)
        if found <= -3.4e38:
            value = "-inf" if math.isinf(found) else found
        if b.type.dtype == "float32":
            return work.one(layer("MaskedFill", value=value), b, condition)
    return work.one(layer("Where"), condition, a, b)


@operator("Cast")
def _cast(work: Any, x: Any) -> Any:
    kinds = {1: "float32", 10: "float32", 11: "float32", 16: "float32", 9: "bool"}
    wanted = kinds.get(work.attribute("to"), "int64")
    if work.wire(x).type.dtype == wanted:
        return x
    return work.one(layer("Cast", dtype=wanted), x)


@operator("CastLike")
def _cast_like(work: Any, x: Any, like: Any) -> Any:
    kind = (
        {"f": "float32", "b": "bool"}.get(like.first.dtype.kind, "int64")
        if isinstance(like, Known)
        else like.type.dtype
    )
    return x if work.wire(x).type.dtype == kind else work.one(layer("Cast", dtype=kind), x)
