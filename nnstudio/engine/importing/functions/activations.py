"""Functions of one tensor: activations, and what draws random numbers in training."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.engine.importing.functions.table import entry, layer, number, settled
from nnstudio.engine.importing.merge import InTraining
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
