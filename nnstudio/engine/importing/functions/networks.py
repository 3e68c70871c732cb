"""Functions of torch.nn.functional: those with weights, pools, attention, and what changes sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnstudio.core.kinds import Layer
from nnstudio.engine.importing.functions.table import entry, layer, number, settled
from nnstudio.engine.importing.merge import Held, InTraining, Tensor
from nnstudio.engine.importing.record import Weight
from nnstudio.engine.importing.translate import Refused, Translation, array

# -- with weights ------------------------------------------------------------------------------------------------------


def _module(work: Translation, found: Layer, input: Any, **arguments: Any) -> Any:
    """The step for a function that gets all weights of one module, such as `F.linear(x, self.weight, self.bias)`."""
    given = {name: value for name, value in arguments.items() if value is not None}
    names = {}
    for name, value in given.items():
        full = value.name if isinstance(value, (Weight, Held)) else ""
        home, _, last = full.rpartition(".")
        if last != name:
            raise Refused(f"{work.event.whole} gets a {name} that is no weight of a module of its kind")
        names[name] = home
    if len(set(names.values())) != 1:
        raise Refused(f"{work.event.whole} gets weights of several modules")
    home = next(iter(names.values()))
    weights = {name: array(value.tensor) for name, value in given.items()}
    learned = {name: value.name for name, value in given.items() if isinstance(value, Weight)}
    frozen = not any(value.tensor.requires_grad for value in given.values() if isinstance(value, Weight))
    name = "" if home == (work.path[-1].module if work.path else "") else work.inside(home)
    return work.add(found, input, name=name, module=home, weights=weights, parameters=learned, frozen=frozen)


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


@entry("prelu")
def _prelu(work: Translation, input: Any, weight: Any) -> Any:
    return _module(work, layer("PReLU", num_parameters=weight.tensor.numel()), input, weight=weight)


@entry("bilinear")
def _bilinear(work: Translation, input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    raise Refused("torch.nn.functional.bilinear is a function for which there is no layer; use nn.Bilinear")


# -- pools -------------------------------------------------------------------------------------------------------------


def _max_pool(axes: int) -> Any:
    def made(
        work: Translation,
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        settings = {"kernel_size": kernel_size, "stride": stride or None, "padding": padding, "dilation": dilation}
        return work.add(layer(f"MaxPool{axes}d", ceil_mode=ceil_mode, return_indices=return_indices, **settings), input)

    return made


def _max_pool_with_places(axes: int) -> Any:
    def made(work: Translation, *args: Any, **kwargs: Any) -> Any:
        return [*_max_pool(axes)(work, *args, **kwargs), None]

    return made


def _avg_pool(axes: int) -> Any:
    def made(
        work: Translation,
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> Any:
        settings = {
            "ceil_mode": ceil_mode,
            "count_include_pad": count_include_pad,
            "divisor_override": divisor_override,
        }
        found = layer(f"AvgPool{axes}d", kernel_size=kernel_size, stride=stride or None, padding=padding, **settings)
        return work.add(found, input)

    return made


def _adaptive(name: str) -> Any:
    def made(work: Translation, input: Any, output_size: Any, return_indices: bool = False) -> Any:
        kind = layer(name)
        (setting,) = [setting.name for setting in kind.settings() if "size" in setting.name]
        if isinstance(output_size, tuple) and None in output_size:
            sizes = work.wire(input).type.shape[1:]
            output_size = tuple(size or there for size, there in zip(output_size, sizes, strict=True))
        outputs = work.add(layer(name, **{setting: output_size, "return_indices": return_indices}), input)
        return [*outputs, None] if "Max" in name and work.event.whole.startswith("aten.") else outputs

    return made


for _axes in (1, 2, 3):
    entry(f"max_pool{_axes}d")(_max_pool(_axes))
    entry(f"max_pool{_axes}d_with_indices")(_max_pool_with_places(_axes))
    entry(f"avg_pool{_axes}d")(_avg_pool(_axes))
    entry(f"adaptive_avg_pool{_axes}d")(_adaptive(f"AdaptiveAvgPool{_axes}d"))
    entry(f"adaptive_max_pool{_axes}d")(_adaptive(f"AdaptiveMaxPool{_axes}d"))


# -- sizes -------------------------------------------------------------------------------------------------------------


@entry("pad")
def _pad(work: Translation, input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    return work.add(layer("Pad", padding=pad, mode=mode, value=float(value or 0)), input)


@entry("constant_pad_nd")
def _pad_constant(work: Translation, input: Any, pad: Any, value: Any = 0) -> Any:
    return _pad(work, input, pad, "constant", value)


@entry("interpolate", "upsample")
def _interpolate(
    work: Translation,
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Any:
    if recompute_scale_factor:
        raise Refused("there is no layer for recompute_scale_factor=True")
    sizes = None if size is None else size if isinstance(size, tuple) else (size,)
    factors = None if scale_factor is None else scale_factor if isinstance(scale_factor, tuple) else (scale_factor,)
    settings = {"mode": mode, "align_corners": bool(align_corners), "antialias": antialias}
    return work.add(layer("Interpolate", size=sizes, scale_factor=factors, **settings), input)


@entry("pixel_shuffle")
def _pixel_shuffle(work: Translation, input: Any, upscale_factor: int) -> Any:
    return work.add(layer("PixelShuffle", upscale_factor=upscale_factor), input)


@entry("pixel_unshuffle")
def _pixel_unshuffle(work: Translation, input: Any, downscale_factor: int) -> Any:
    return work.add(layer("PixelUnshuffle", downscale_factor=downscale_factor), input)


@entry("unfold")
def _unfold(
    work: Translation, input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    if work.event.whole == "torch.Tensor.unfold":
        raise Refused("torch.Tensor.unfold is a function for which there is no layer")
    settings = {"dilation": dilation, "padding": padding, "stride": stride}
    return work.add(layer("Unfold", kernel_size=kernel_size, **settings), input)


@entry("fold")
def _fold(
    work: Translation,
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    settings = {"dilation": dilation, "padding": padding, "stride": stride}
    return work.add(layer("Fold", output_size=output_size, kernel_size=kernel_size, **settings), input)


# -- attention ---------------------------------------------------------------------------------------------------------


@entry("scaled_dot_product_attention")
def _attention(
    work: Translation,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: Any = 0.0,
    is_causal: bool = False,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Any:
    dropout = dropout_p
    if isinstance(dropout_p, InTraining):
        if dropout_p.otherwise != 0:
            raise Refused("it leaves weights out in evaluation too")
        dropout = dropout_p.training
    elif dropout_p:
        raise Refused("it leaves weights out in evaluation too; write dropout_p=p if self.training else 0.0")
    settings = {"causal": is_causal, "scale": number(scale), "dropout": dropout, "enable_gqa": enable_gqa}
    return work.add(layer("ScaledDotProductAttention", **settings), query, key, value, attn_mask)


@entry("one_hot")
def _one_hot(work: Translation, tensor: Any, num_classes: int = -1) -> Any:
    return work.add(layer("OneHot", num_classes=num_classes), tensor)


@entry("channel_shuffle")
def _channel_shuffle(work: Translation, input: Any, groups: int) -> Any:
    return work.add(layer("ChannelShuffle", groups=groups), input)


@entry("local_response_norm")
def _local_response_norm(
    work: Translation, input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    return work.add(layer("LocalResponseNorm", size=size, alpha=alpha, beta=beta, k=k), input)
