"""Operators on one tensor, number by number, and along one axis: activations."""

from __future__ import annotations

from typing import Any

from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_operators.table import axis_of, layer, operator, rounded
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
    return work.one(layer("LeakyReLU", negative_slope=rounded(work.attribute("alpha", 0.01))), x)


@operator("Elu")
def _elu(work: Any, x: Any) -> Any:
    return work.one(layer("ELU", alpha=rounded(work.attribute("alpha", 1.0))), x)


@operator("Celu")
def _celu(work: Any, x: Any) -> Any:
    return work.one(layer("CELU", alpha=rounded(work.attribute("alpha", 1.0))), x)


@operator("Selu")
def _selu(work: Any, x: Any) -> Any:
    alpha, gamma = work.attribute("alpha", 1.6732632), work.attribute("gamma", 1.0507010)
    if abs(alpha - 1.6732632) > 1e-5 or abs(gamma - 1.0507010) > 1e-5:
        raise Refused("its alpha or gamma is not the usual one; there is no layer for that")
    return work.one(layer("SELU"), x)


@operator("ThresholdedRelu")
def _thresholded(work: Any, x: Any) -> Any:
    return work.one(layer("Threshold", threshold=rounded(work.attribute("alpha", 1.0)), value=0.0), x)


@operator("Shrink")
def _shrink(work: Any, x: Any) -> Any:
    lambd, bias = work.attribute("lambd", 0.5), work.attribute("bias", 0.0)
    if bias not in (0, lambd):
        raise Refused("there is no layer for a bias that is neither 0 nor lambd")
    return work.one(layer("Softshrink" if bias else "Hardshrink", lambd=rounded(lambd)), x)


@operator("HardSigmoid")
def _hard_sigmoid(work: Any, x: Any) -> Any:
    alpha, beta = work.attribute("alpha", 0.2), work.attribute("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and abs(beta - 0.5) < 1e-6:
        return work.one(layer("Hardsigmoid"), x)
    scaled = work.one(layer("Arithmetic", operation="x * c", number=rounded(alpha)), x)
    moved = work.one(layer("Arithmetic", operation="x + c", number=rounded(beta)), scaled)
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
        limits.append(None if number is None or abs(number) > 3.4e38 else rounded(number))
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
