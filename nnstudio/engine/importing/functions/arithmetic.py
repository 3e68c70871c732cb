"""Functions of numbers: arithmetic, comparisons, reductions, activations."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.engine.importing.functions.table import entry, is_tensor, layer, number, settled
from nnstudio.engine.importing.merge import Held, InTraining, Tensor
from nnstudio.engine.importing.translate import Refused, Translation

# -- one tensor in, one out --------------------------------------------------------------------------------------------

_ALONE = {
    "abs": "Abs",
    "absolute": "Abs",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "rsqrt": "Rsqrt",
    "sin": "Sin",
    "cos": "Cos",
    "neg": "Negate",
    "negative": "Negate",
    "reciprocal": "Reciprocal",
    "square": "Square",
    "logical_not": "LogicalNot",
    "bitwise_not": "LogicalNot",
    "invert": "LogicalNot",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "selu": "SELU",
    "silu": "SiLU",
    "mish": "Mish",
    "softsign": "Softsign",
    "tanhshrink": "Tanhshrink",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "logsigmoid": "LogSigmoid",
    "log_sigmoid": "LogSigmoid",
}


def _alone(name: str) -> Any:
    def made(work: Translation, input: Any, inplace: bool = False) -> Any:
        return work.add(layer(name), input)

    return made


for _function, _layer in _ALONE.items():
    entry(_function)(_alone(_layer))


@entry("gelu")
def _gelu(work: Translation, input: Any, approximate: str = "none") -> Any:
    return work.add(layer("GELU", approximate=approximate), input)


@entry("leaky_relu")
def _leaky_relu(work: Translation, input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    return work.add(layer("LeakyReLU", negative_slope=negative_slope), input)


@entry("elu")
def _elu(work: Translation, input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    return work.add(layer("ELU", alpha=alpha), input)


@entry("celu")
def _celu(work: Translation, input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    return work.add(layer("CELU", alpha=alpha), input)


@entry("hardtanh")
def _hardtanh(work: Translation, input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    return work.add(layer("Hardtanh", min_val=min_val, max_val=max_val), input)


@entry("softplus")
def _softplus(work: Translation, input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return work.add(layer("Softplus", beta=beta, threshold=threshold), input)


@entry("threshold")
def _threshold(work: Translation, input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    return work.add(layer("Threshold", threshold=threshold, value=value), input)


@entry("hardshrink")
def _hardshrink(work: Translation, input: Any, lambd: float = 0.5) -> Any:
    return work.add(layer("Hardshrink", lambd=lambd), input)


@entry("softshrink")
def _softshrink(work: Translation, input: Any, lambd: float = 0.5) -> Any:
    return work.add(layer("Softshrink", lambd=lambd), input)


@entry("glu")
def _glu(work: Translation, input: Any, dim: int = -1) -> Any:
    return work.add(layer("GLU", dim=dim), input)


def _along(name: str) -> Any:
    def made(work: Translation, input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
        if dim is None or (isinstance(dtype, torch.dtype) and dtype != torch.float32):
            raise Refused(f"{work.event.whole} needs an axis, and float32")
        return work.add(layer(name, dim=dim), input)

    return made


for _function, _layer in {"softmax": "Softmax", "log_softmax": "LogSoftmax", "softmin": "Softmin"}.items():
    entry(_function)(_along(_layer))


@entry("_softmax")
def _safe_softmax(work: Translation, input: Any, dim: int, half_to_float: bool) -> Any:
    return work.add(layer("Softmax", dim=dim), input)


@entry("clamp", "clip")
def _clamp(work: Translation, input: Any, min: Any = None, max: Any = None) -> Any:
    low, high = number(min), number(max)
    if (low is None and min is not None) or (high is None and max is not None):
        raise Refused("its limits are no numbers")
    return work.add(layer("Clamp", minimum=low, maximum=high), input)


@entry("clamp_min")
def _clamp_min(work: Translation, input: Any, min: Any) -> Any:
    return _clamp(work, input, min)


@entry("clamp_max")
def _clamp_max(work: Translation, input: Any, max: Any) -> Any:
    return _clamp(work, input, None, max)


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


# -- along axes --------------------------------------------------------------------------------------------------------


def _axes(work: Translation, input: Any, dim: Any) -> tuple[int, ...]:
    kind = work.wire(input).type
    if dim is None or dim == ():
        if kind.rows:
            raise Refused("it makes one number of the whole batch; in a drawing rows are kept apart")
        return tuple(range(kind.axes))
    return dim if isinstance(dim, tuple) else (dim,)


def _reduction(name: str) -> Any:
    def made(work: Translation, input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        if dtype not in (None, torch.float32):
            raise Refused(f"it computes with {dtype}")
        return work.add(layer(name, axes=_axes(work, input, dim), keepdim=keepdim), input)

    return made


for _function, _layer in {"mean": "Mean", "sum": "Sum", "amax": "Max", "amin": "Min"}.items():
    entry(_function)(_reduction(_layer))
entry("logsumexp")(_reduction("LogSumExp"))


def _extreme(name: str, pair: str, place: str) -> Any:
    def made(work: Translation, input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if is_tensor(dim):
            return work.add(layer(pair), input, dim)
        if dim is None:
            return work.add(layer(name, axes=_axes(work, input, None), keepdim=False), input)
        # max along an axis passes its gradient to one place, where amax would divide it among equals
        (where,) = work.add(layer(place, axis=dim, keepdim=True), input)
        (found,) = work.add(layer("Gather", axis=dim), input, where)
        if keepdim:
            return [found, where]
        return [*work.add(layer("Squeeze", axis=dim), found), *work.add(layer("Squeeze", axis=dim), where)]

    return made


entry("max")(_extreme("Max", "Maximum", "ArgMax"))
entry("min")(_extreme("Min", "Minimum", "ArgMin"))


def _place(name: str) -> Any:
    def made(work: Translation, input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            raise Refused("it needs an axis")
        return work.add(layer(name, axis=dim, keepdim=keepdim), input)

    return made


entry("argmax")(_place("ArgMax"))
entry("argmin")(_place("ArgMin"))


def _spread(name: str) -> Any:
    def made(
        work: Translation,
        input: Any,
        dim: Any = None,
        unbiased: Any = True,
        keepdim: bool = False,
        *,
        correction: Any = None,
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        found = correction if correction is not None else int(bool(unbiased))
        return work.add(layer(name, axes=_axes(work, input, dim), keepdim=keepdim, correction=found), input)

    return made


entry("var")(_spread("Variance"))
entry("std")(_spread("StandardDeviation"))


@entry("norm")
def _norm(work: Translation, input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    if not isinstance(p, (int, float)):
        if p not in (None, "fro"):
            raise Refused(f"there is no layer for the norm {p!r:.20}")
        p = 2
    return work.add(layer("Norm", p=float(p), axes=_axes(work, input, dim), keepdim=keepdim), input)


@entry("vector_norm", "linalg_vector_norm")
def _vector_norm(work: Translation, x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    return _norm(work, x, ord, dim, keepdim)


@entry("normalize")
def _normalise(work: Translation, input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None) -> Any:
    (length,) = _norm(work, input, p, dim, True)
    (length,) = work.add(layer("Clamp", minimum=eps, maximum=None), length)
    (length,) = work.add(layer("Expand"), length, input)
    return work.add(layer("Divide"), input, length)


@entry("cumsum")
def _cumsum(work: Translation, input: Any, dim: int, *, dtype: Any = None) -> Any:
    return work.add(layer("Cumsum", axis=dim), input)


@entry("topk")
def _topk(work: Translation, input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    return work.add(layer("TopK", k=k, axis=dim, largest=largest), input)


@entry("cosine_similarity")
def _cosine_similarity(work: Translation, x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    return work.add(layer("CosineSimilarity", dim=dim, eps=eps), x1, x2)


@entry("pairwise_distance")
def _pairwise_distance(
    work: Translation, x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    return work.add(layer("PairwiseDistance", p=p, eps=eps, keepdim=keepdim), x1, x2)


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


# -- random ------------------------------------------------------------------------------------------------------------

_DROPOUTS = {
    "dropout": "Dropout",
    "dropout1d": "Dropout1d",
    "dropout2d": "Dropout2d",
    "dropout3d": "Dropout3d",
    "feature_dropout": "Dropout2d",
    "alpha_dropout": "AlphaDropout",
    "feature_alpha_dropout": "FeatureAlphaDropout",
}


def _dropout(name: str) -> Any:
    def made(work: Translation, input: Any, p: Any = 0.5, training: Any = True, inplace: bool = False) -> Any:
        if isinstance(training, InTraining) and training.training is True:
            return work.add(layer(name, p=settled(p)), input)
        if isinstance(p, InTraining) and p.otherwise == 0 and training is True:
            return work.add(layer(name, p=p.training), input)
        if training is True and p != 0:
            raise Refused(f"{work.event.whole} is called with training=True always, not in training alone")
        return work.wire(input)

    return made


for _function, _layer in _DROPOUTS.items():
    entry(_function)(_dropout(_layer))


@entry("rrelu")
def _rrelu(
    work: Translation,
    input: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: Any = False,
    inplace: Any = False,
) -> Any:
    if not isinstance(training, InTraining):
        raise Refused("it draws random slopes always or never, not in training alone")
    return work.add(layer("RReLU", lower=lower, upper=upper), input)
