"""Functions of torch.nn.functional that take weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnstudio.core.kinds import Layer
from nnstudio.engine.importing.functions.table import entry, layer, settled
from nnstudio.engine.importing.merge import Held, InTraining, Tensor
from nnstudio.engine.importing.record import Weight
from nnstudio.engine.importing.translate import Refused, Translation, array

# -- with weights ------------------------------------------------------------------------------------------------------


def _module(work: Translation, found: Layer, input: Any, **arguments: Any) -> Any:
    """The step for a function that gets all weights of one module, such as `F.linear(x, self.weight, self.bias)`."""
    return module_step(work, found, (input,), arguments)


def module_step(work: Translation, found: Layer, inputs: tuple[Any, ...], arguments: Mapping[str, Any]) -> Any:
    """The step for a function of these inputs that gets all weights of one module by their names there."""
    given = {name: value for name, value in arguments.items() if value is not None}
    homes = {}
    for name, value in given.items():
        full = value.name if isinstance(value, (Weight, Held)) else ""
        home, _, last = full.rpartition(".")
        if last != name:
            raise Refused(f"{work.event.whole} gets a {name} that is no weight of a module of its kind")
        homes[name] = home
    if len(set(homes.values())) != 1:
        raise Refused(f"{work.event.whole} gets weights of several modules")
    home = next(iter(homes.values()))
    weights = {name: array(value.tensor) for name, value in given.items()}
    learned = {name: value.name for name, value in given.items() if isinstance(value, Weight)}
    frozen = not any(value.tensor.requires_grad for value in given.values() if isinstance(value, Weight))
    name = "" if home == (work.path[-1].module if work.path else "") else work.inside(home)
    return work.add(found, *inputs, name=name, module=home, weights=weights, parameters=learned, frozen=frozen)


def _whole(weight: Any, bias: Any) -> bool:
    """Whether a weight and a bias are those of one module."""
    if not isinstance(weight, Weight) or not (bias is None or isinstance(bias, Weight)):
        return False
    homes = {given.name.rpartition(".")[0] for given in (weight, bias) if given is not None}
    return (
        len(homes) == 1
        and weight.name.rpartition(".")[2] == "weight"
        and (bias is None or bias.name.rpartition(".")[2] == "bias")
    )


@entry("linear")
def _linear(work: Translation, input: Any, weight: Any, bias: Any = None) -> Any:
    if _whole(weight, bias) and work.wire(input).type.batch_first:
        found = layer("Linear", out_features=weight.tensor.shape[0], bias=bias is not None)
        return _module(work, found, input, weight=weight, bias=bias)
    return work.add(layer("LinearFunction"), input, weight, bias)


@entry("embedding")
def _embedding(
    work: Translation,
    input: Any,
    weight: Any,
    padding_idx: Any = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    if not isinstance(input, (Tensor, Held)) and isinstance(weight, (Tensor, Held)):
        input, weight = weight, input  # torch.embedding, and aten's, have the table first
    padding = padding_idx if isinstance(padding_idx, int) and padding_idx >= 0 else None
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise Refused("there is no layer for an embedding with max_norm, scale_grad_by_freq or sparse")
    if _whole(weight, None) and (work.wire(input).type.batch_first or padding is not None):
        rows, columns = weight.tensor.shape
        settings = {"padding_idx": padding} if padding is not None else {}
        found = layer("Embedding", num_embeddings=rows, embedding_dim=columns, **settings)
        return _module(work, found, input, weight=weight)
    if padding is not None:
        raise Refused("there is no layer for a table with padding_idx that comes along a wire")
    return work.add(layer("EmbeddingFunction"), input, weight)


def _convolution(axes: int) -> Any:
    def made(
        work: Translation,
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        if not _whole(weight, bias):
            raise Refused(f"{work.event.whole} gets weights that are computed; there is no layer for that")
        out_channels, _, *kernel = weight.tensor.shape
        found = layer(
            f"Conv{axes}d",
            out_channels=out_channels,
            kernel_size=tuple(kernel),
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias is not None,
        )
        return _module(work, found, input, weight=weight, bias=bias)

    return made


def _transposed(axes: int) -> Any:
    def made(
        work: Translation,
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        if not _whole(weight, bias):
            raise Refused(f"{work.event.whole} gets weights that are computed; there is no layer for that")
        _, out_channels, *kernel = weight.tensor.shape
        found = layer(
            f"ConvTranspose{axes}d",
            out_channels=out_channels * groups,
            kernel_size=tuple(kernel),
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            dilation=dilation,
            groups=groups,
            bias=bias is not None,
        )
        return _module(work, found, input, weight=weight, bias=bias)

    return made


for _axes in (1, 2, 3):
    entry(f"conv{_axes}d")(_convolution(_axes))
    entry(f"conv_transpose{_axes}d")(_transposed(_axes))


@entry("batch_norm")
def _batch_norm(work: Translation, input: Any, *args: Any, **kwargs: Any) -> Any:
    aten = len(args) >= 4 and isinstance(args[0], (Weight, type(None))) and isinstance(args[2], (Held, type(None)))
    names = ("weight", "bias", "running_mean", "running_var", "training", "momentum", "eps")
    if not aten:
        names = ("running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
    given = {"training": False, "momentum": 0.1, "eps": 1e-5} | dict(zip(names, args, strict=False)) | kwargs
    held = {name: given.get(name) for name in ("weight", "bias", "running_mean", "running_var")}
    training = given["training"]
    if not isinstance(training, InTraining) and (training or held["running_mean"] is None):
        raise Refused("it takes the statistics of the batch always, not in training alone")
    axes = {2: 1, 3: 1, 4: 2, 5: 3}.get(work.wire(input).type.axes, 2)
    found = layer(
        f"BatchNorm{axes}d",
        eps=given["eps"],
        momentum=settled(given["momentum"]) if not isinstance(given["momentum"], InTraining) else 0.1,
        affine=held["weight"] is not None,
    )
    made = _module(work, found, input, **held)
    home = work.steps[-1].module
    counted = dict(work.root.named_buffers()).get(f"{home}.num_batches_tracked" if home else "num_batches_tracked")
    if held["running_mean"] is not None:
        tracked = array(counted) if counted is not None else np.zeros((), np.int64)
        work.steps[-1].weights["num_batches_tracked"] = tracked  # type: ignore[index]
    return made


@entry("layer_norm")
def _layer_norm(
    work: Translation,
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:
    shape = normalized_shape if isinstance(normalized_shape, tuple) else (normalized_shape,)
    settings: dict[str, Any] = {"axes": len(shape), "eps": eps, "elementwise_affine": weight is not None}
    if weight is not None and bias is None:
        settings["bias"] = False
    found = layer("LayerNorm", **settings)
    if weight is None:
        return work.add(found, input)
    return _module(work, found, input, weight=weight, bias=bias)


@entry("rms_norm")
def _rms_norm(work: Translation, input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None) -> Any:
    found = layer("RMSNorm", axes=len(normalized_shape), eps=eps, elementwise_affine=weight is not None)
    return work.add(found, input) if weight is None else _module(work, found, input, weight=weight)


@entry("group_norm")
def _group_norm(
    work: Translation,
    input: Any,
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Any:
    found = layer("GroupNorm", num_groups=num_groups, eps=eps, affine=weight is not None)
    return work.add(found, input) if weight is None else _module(work, found, input, weight=weight, bias=bias)


@entry("instance_norm")
def _instance_norm(work: Translation, input: Any, *args: Any, **kwargs: Any) -> Any:
    names = ("running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps")
    if work.event.whole.startswith("aten."):
        names = ("weight", "bias", "running_mean", "running_var", "use_input_stats", "momentum", "eps")
    given = {"use_input_stats": True, "momentum": 0.1, "eps": 1e-5} | dict(zip(names, args, strict=False)) | kwargs
    if given.get("running_mean") is not None or given["use_input_stats"] is not True:
        raise Refused(f"{work.event.whole} takes running statistics; there is no layer for that")
    axes = work.wire(input).type.axes - 2
    affine = given.get("weight") is not None
    found = layer(f"InstanceNorm{axes}d", eps=given["eps"], momentum=given["momentum"], affine=affine)
    if not affine:
        return work.add(found, input)
    return _module(work, found, input, weight=given["weight"], bias=given.get("bias"))


@entry("prelu")
def _prelu(work: Translation, input: Any, weight: Any) -> Any:
    return _module(work, layer("PReLU", num_parameters=weight.tensor.numel()), input, weight=weight)


@entry("bilinear")
def _bilinear(work: Translation, input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    raise Refused("torch.nn.functional.bilinear is a function for which there is no layer; use nn.Bilinear")
