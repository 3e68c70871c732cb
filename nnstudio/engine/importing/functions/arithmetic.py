"""Functions of two tensors or of a tensor and a number, and of the types of numbers."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.engine.importing.functions.table import entry, layer, number, settled
from nnstudio.engine.importing.merge import Held, Tensor
from nnstudio.engine.importing.translate import Refused, Translation

# -- two in, one out ---------------------------------------------------------------------------------------------------


def _two(work: Translation, a: Any, b: Any, form: str, turned: str, pair: str) -> Any:
    """`a form b`, where either may be a number."""
    left, right = number(settled(a)), number(settled(b))
    if right is not None:
        return work.add(layer("Arithmetic", operation=form, number=right), a)
    if left is not None:
        return work.add(layer("Arithmetic", operation=turned, number=left), b)
    return work.add(layer(pair), *_of_one_type(work, a, b))


def _of_one_type(work: Translation, a: Any, b: Any) -> tuple[Any, Any]:
    """Two tensors, the whole numbers of one of them with a fraction where torch adds one unasked."""
    kinds = [work.wire(argument).type if isinstance(argument, Tensor) else None for argument in (a, b)]
    if any(kind is None for kind in kinds) or {kind.dtype for kind in kinds if kind} != {"int64", "float32"}:
        return a, b
    cast = [work.add(layer("Cast", dtype="float32"), argument)[0] if kind and kind.dtype == "int64" else argument
            for argument, kind in zip((a, b), kinds, strict=True)]  # fmt: skip
    return cast[0], cast[1]


def _scaled(work: Translation, other: Any, alpha: Any) -> Any:
    if alpha == 1:
        return other
    if number(other) is not None:
        return number(other) * alpha  # type: ignore[operator]
    return work.add(layer("Arithmetic", operation="x * c", number=settled(alpha)), other)[0]


@entry("add", "radd")
def _add(work: Translation, input: Any, other: Any, *, alpha: float = 1) -> Any:
    if number(settled(other)) == 0 and work.wire(input).type.dtype != "bool":  # with which Python's `sum` begins
        return work.wire(input)
    return _two(work, input, _scaled(work, other, alpha), "x + c", "x + c", "Add")


@entry("sub", "subtract")
def _subtract(work: Translation, input: Any, other: Any, *, alpha: float = 1) -> Any:
    return _two(work, input, _scaled(work, other, alpha), "x - c", "c - x", "Subtract")


@entry("rsub")
def _subtract_from(work: Translation, input: Any, other: Any, alpha: float = 1) -> Any:
    return _two(work, other, _scaled(work, input, alpha), "x - c", "c - x", "Subtract")


@entry("mul", "multiply", "rmul")
def _multiply(work: Translation, input: Any, other: Any) -> Any:
    return _two(work, input, other, "x * c", "x * c", "Multiply")


@entry("div", "divide", "true_divide", "truediv")
def _divide(work: Translation, input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    if rounding_mode is not None:
        raise Refused("there is no layer for a division that rounds")
    return _two(work, input, other, "x / c", "c / x", "Divide")


@entry("rtruediv", "rdiv")
def _divide_into(work: Translation, input: Any, other: Any) -> Any:
    return _two(work, other, input, "x / c", "c / x", "Divide")


@entry("pow")
def _power(work: Translation, input: Any, exponent: Any) -> Any:
    return _two(work, input, exponent, "x ** c", "c ** x", "Power")


@entry("rpow")
def _power_of(work: Translation, input: Any, other: Any) -> Any:
    return _two(work, other, input, "x ** c", "c ** x", "Power")


@entry("matmul", "rmatmul", "bmm", "mm", "mv", "dot")
def _matmul(work: Translation, input: Any, other: Any) -> Any:
    pair = (other, input) if work.event.name == "rmatmul" else (input, other)
    return work.add(layer("MatMul"), *pair)


@entry("addmm")
def _add_matmul(work: Translation, input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    if (beta, alpha) != (1, 1):
        raise Refused("there is no layer for its beta and alpha")
    (turned,) = work.add(layer("Transpose", first=-2, second=-1), mat2)
    return work.add(layer("LinearFunction"), mat1, turned, input)


def _triangle(upper: bool) -> Any:
    def made(work: Translation, input: Any, diagonal: int = 0) -> Any:
        kind = work.wire(input).type
        if kind.axes < 2 or (kind.rows and kind.axis >= kind.axes - 2):
            raise Refused("it is done across the rows of the batch")
        ones = torch.ones(kind.shape[-2:], dtype=torch.bool)
        hidden = ones.tril(diagonal - 1) if upper else ones.triu(diagonal + 1)
        return work.add(layer("MaskedFill", value=0.0), input, Held(hidden))

    return made


entry("tril")(_triangle(upper=False))
entry("triu")(_triangle(upper=True))


@entry("einsum")
def _einsum(work: Translation, equation: Any, *operands: Any) -> Any:
    found = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple) else operands
    if not isinstance(equation, str):
        raise Refused("its equation is no text")
    return work.add(layer("Einsum", equation=equation.replace(" ", "")), *found)


@entry("maximum")
def _maximum(work: Translation, input: Any, other: Any) -> Any:
    return work.add(layer("Maximum"), input, other)


@entry("minimum")
def _minimum(work: Translation, input: Any, other: Any) -> Any:
    return work.add(layer("Minimum"), input, other)


_RELATIONS = {
    ("gt", "greater"): ("greater", "less"),
    ("ge", "greater_equal"): ("at least", "at most"),
    ("lt", "less"): ("less", "greater"),
    ("le", "less_equal"): ("at most", "at least"),
    ("eq",): ("equal", "equal"),
    ("ne", "not_equal"): ("not equal", "not equal"),
}


def _compare(relation: str, turned: str) -> Any:
    def made(work: Translation, input: Any, other: Any) -> Any:
        if (found := number(settled(other))) is not None:
            return work.add(layer("Compare", relation=relation, number=found), input)
        if (found := number(settled(input))) is not None:
            return work.add(layer("Compare", relation=turned, number=found), other)
        return work.add(layer("Compare", relation=relation), input, other)

    return made


for _functions, _pair in _RELATIONS.items():
    entry(*_functions)(_compare(*_pair))


def _logical(word: str) -> Any:
    def made(work: Translation, input: Any, other: Any) -> Any:
        return work.add(layer("Logical", word=word), input, other)

    return made


entry("and", "logical_and", "bitwise_and")(_logical("and"))
entry("or", "ror", "logical_or", "bitwise_or")(_logical("or"))
entry("xor", "rxor", "logical_xor", "bitwise_xor")(_logical("exclusive or"))


@entry("where")
def _where(work: Translation, condition: Any, input: Any, other: Any) -> Any:
    return work.add(layer("Where"), condition, _like(input), _like(other))


def _like(argument: Any) -> Any:
    """A number as a float32 constant, as torch would take it beside such a tensor; also one that is written often."""
    found = number(argument)
    if isinstance(argument, Held) and argument.tensor.is_floating_point() and argument.tensor.unique().numel() == 1:
        found = argument.tensor.flatten()[0].item()
    return argument if found is None else Held(torch.tensor(float(found)))


@entry("masked_fill")
def _masked_fill(work: Translation, input: Any, mask: Any, value: Any) -> Any:
    found = number(settled(value))
    if found is None:
        raise Refused("what it fills in is no number")
    text = {float("inf"): "inf", float("-inf"): "-inf"}.get(found, found)
    return work.add(layer("MaskedFill", value=text), input, mask)


# -- types -------------------------------------------------------------------------------------------------------------


def _cast(work: Translation, input: Any, dtype: torch.dtype) -> Any:
    names = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}
    if dtype not in names:
        raise Refused(f"it makes {str(dtype).removeprefix('torch.')} numbers; a drawing knows float32, int64 and bool")
    wire = work.wire(input)
    return wire if wire.type.dtype == names[dtype] else work.add(layer("Cast", dtype=names[dtype]), wire)


def _to_type(dtype: torch.dtype) -> Any:
    def made(work: Translation, input: Any, memory_format: Any = None) -> Any:
        return _cast(work, input, dtype)

    return made


entry("float")(_to_type(torch.float32))
entry("long")(_to_type(torch.int64))
entry("bool")(_to_type(torch.bool))


@entry("to", "type", "_to_copy")
def _to(work: Translation, input: Any, *args: Any, **kwargs: Any) -> Any:
    for argument in (*args, *kwargs.values()):
        if isinstance(argument, torch.dtype):
            return _cast(work, input, argument)
        if isinstance(argument, (Tensor, Held)):
            kind = argument.type.dtype if isinstance(argument, Tensor) else str(argument.tensor.dtype)[6:]
            return _cast(work, input, getattr(torch, kind))
    return work.wire(input)


@entry("type_as")
def _type_as(work: Translation, input: Any, other: Any) -> Any:
    return _to(work, input, other)


@entry("clone", "contiguous", "alias", "cpu", "cuda", "positive")
def _same(work: Translation, input: Any, **_: Any) -> Any:
    return work.wire(input)


@entry("detach", "data")
def _detach(work: Translation, input: Any) -> Any:
    return work.add(layer("Detach"), input)
