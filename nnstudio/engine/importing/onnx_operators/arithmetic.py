"""Operators on single numbers: arithmetic, comparisons, activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_operators.table import axis_of, layer, operator
from nnstudio.engine.importing.onnx_values import Known
from nnstudio.engine.importing.translate import Refused

# -- one in, one out ---------------------------------------------------------------------------------------------------

_ALONE = {
    "Abs": "Abs",
    "Exp": "Exp",
    "Log": "Log",
    "Sqrt": "Sqrt",
    "Sin": "Sin",
    "Cos": "Cos",
    "Neg": "Negate",
    "Reciprocal": "Reciprocal",
    "Not": "LogicalNot",
    "Relu": "ReLU",
    "Tanh": "Tanh",
    "Softsign": "Softsign",
    "Softplus": "Softplus",
    "Mish": "Mish",
    "HardSwish": "Hardswish",
}


def _alone(name: str) -> Any:
    def made(work: Any, x: Any) -> Any:
        return work.one(layer(name), x)

    return made


for _operator, _layer in _ALONE.items():
    operator(_operator)(_alone(_layer))


@operator("Identity")
def _identity(work: Any, x: Any) -> Any:
    return x


@operator("Dropout")
def _dropout(work: Any, x: Any, ratio: Any = None, training: Any = None) -> Any:
    found = work.fixed(ratio)
    p = float(found.reshape(-1)[0]) if found is not None else float(work.attribute("ratio", 0.5))
    return work.one(layer("Dropout", p=p), x) if isinstance(x, Tensor) else x


@operator("Sigmoid")
def _sigmoid(work: Any, x: Any) -> Any:
    """Also x · sigmoid(x), which is one layer."""
    operation = work.operation
    found = work.only_reader(operation.outputs[0], "Mul")
    if found is not None and operation.inputs[0] in found[0].inputs and operation.inputs[0] != operation.outputs[0]:
        made = work.one(layer("SiLU"), x)
        work.swallow(found[1], made)
        return None
    return work.one(layer("Sigmoid"), x)


@operator("Swish")
def _swish(work: Any, x: Any) -> Any:
    if float(work.attribute("alpha", 1.0)) != 1:
        raise Refused("there is no layer for an alpha other than 1")
    return work.one(layer("SiLU"), x)


@operator("Sign")
def _sign(work: Any, x: Any) -> Any:
    """Whether it is above zero, less whether it is below."""
    sides = []
    for relation in ("greater", "less"):
        found = work.one(layer("Compare", relation=relation, number=0.0), x)
        sides.append(work.one(layer("Cast", dtype="float32"), found))
    return work.one(layer("Subtract"), *sides)


@operator("Gelu")
def _gelu(work: Any, x: Any) -> Any:
    return work.one(layer("GELU", approximate=work.attribute("approximate", "none")), x)


@operator("LeakyRelu")
def _leaky_relu(work: Any, x: Any) -> Any:
    return work.one(layer("LeakyReLU", negative_slope=_rounded(work.attribute("alpha", 0.01))), x)


@operator("Elu")
def _elu(work: Any, x: Any) -> Any:
    return work.one(layer("ELU", alpha=_rounded(work.attribute("alpha", 1.0))), x)


@operator("Celu")
def _celu(work: Any, x: Any) -> Any:
    return work.one(layer("CELU", alpha=_rounded(work.attribute("alpha", 1.0))), x)


@operator("Selu")
def _selu(work: Any, x: Any) -> Any:
    alpha, gamma = work.attribute("alpha", 1.6732632), work.attribute("gamma", 1.0507010)
    if abs(alpha - 1.6732632) > 1e-5 or abs(gamma - 1.0507010) > 1e-5:
        raise Refused("its alpha or gamma is not the usual one; there is no layer for that")
    return work.one(layer("SELU"), x)


@operator("ThresholdedRelu")
def _thresholded(work: Any, x: Any) -> Any:
    return work.one(layer("Threshold", threshold=_rounded(work.attribute("alpha", 1.0)), value=0.0), x)


@operator("Shrink")
def _shrink(work: Any, x: Any) -> Any:
    lambd, bias = work.attribute("lambd", 0.5), work.attribute("bias", 0.0)
    if bias not in (0, lambd):
        raise Refused("there is no layer for a bias that is neither 0 nor lambd")
    return work.one(layer("Softshrink" if bias else "Hardshrink", lambd=_rounded(lambd)), x)


@operator("HardSigmoid")
def _hard_sigmoid(work: Any, x: Any) -> Any:
    alpha, beta = work.attribute("alpha", 0.2), work.attribute("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and abs(beta - 0.5) < 1e-6:
        return work.one(layer("Hardsigmoid"), x)
    scaled = work.one(layer("Arithmetic", operation="x * c", number=_rounded(alpha)), x)
    moved = work.one(layer("Arithmetic", operation="x + c", number=_rounded(beta)), scaled)
    return work.one(layer("Clamp", minimum=0.0, maximum=1.0), moved)


@operator("PRelu")
def _prelu(work: Any, x: Any, slope: Any) -> Any:
    array = work.fixed(slope)
    if array is None or array.size != max(array.shape, default=1):
        raise Refused("its slope is not one number, nor one for each channel")
    kind = work.wire(x).type
    per_channel = array.size > 1
    if per_channel and (array.ndim + 1 != kind.axes or array.shape[0] != array.size) and array.ndim + 1 != kind.axes:
        raise Refused("its slope is not one for each channel")
    flat = Known(array.reshape(-1), None, slope.name, slope.learned)
    return work.module(layer("PReLU", num_parameters=array.size), x, weight=flat)


@operator("Clip")
def _clip(work: Any, x: Any, low: Any = None, high: Any = None) -> Any:
    limits = []
    for name, value in (("min", low), ("max", high)):
        found = work.fixed(value)
        number = work.attribute(name) if found is None else float(found.reshape(-1)[0])
        limits.append(None if number is None or abs(number) > 3.4e38 else _rounded(number))
    if limits == [0, 6]:
        return work.one(layer("ReLU6"), x)
    if limits == [None, None]:
        return x
    return work.one(layer("Clamp", minimum=limits[0], maximum=limits[1]), x)


def _along(name: str) -> Any:
    def made(work: Any, x: Any) -> Any:
        kind = work.wire(x).type
        axis = axis_of(work.attribute("axis", -1 if work.opset >= 13 else 1), kind)
        if work.opset < 13 and axis != kind.axes - 1:
            raise Refused("before version 13 of the operators it worked on several axes at once")
        return work.one(layer(name, dim=-1 if axis == kind.axes - 1 else axis), x)

    return made


operator("Softmax")(_along("Softmax"))
operator("LogSoftmax")(_along("LogSoftmax"))


@operator("Erf")
def _erf(work: Any, x: Any) -> Any:
    raise Refused("the error function is no layer by itself; only GELU, which is made with it, is one")


# -- two in, one out ---------------------------------------------------------------------------------------------------


def _rounded(number: float) -> float:
    """A number of float32 as a person would have written it: 0.1 in place of 0.10000000149."""
    single = np.float32(number)
    return float(str(single)) if math.isfinite(single) else float(number)


def number_of(value: Any, other: Any) -> float | None:
    """A known value as one number, where the result has the axes of the other value all the same."""
    if not isinstance(value, Known) or not isinstance(other, Tensor):
        return None
    found = value.number()
    if found is None or value.first.ndim > other.type.axes or value.learned or not math.isfinite(found):
        return None
    return _rounded(found) if value.first.dtype.kind == "f" else found


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
