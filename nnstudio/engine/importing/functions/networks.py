"""Functions of torch.nn.functional without weights: pools, attention, and what changes sizes."""

from __future__ import annotations

from typing import Any

from nnstudio.engine.importing.functions.shapes import windows
from nnstudio.engine.importing.functions.table import entry, layer, number
from nnstudio.engine.importing.merge import InTraining
from nnstudio.engine.importing.translate import Refused, Translation, tensors

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


def _second_is_used(work: Translation) -> bool:
    """Whether anything is done with the second tensor of the result."""
    return list(tensors(work.event.result))[1].number in work.used


def _max_pool_with_places(axes: int) -> Any:
    def made(work: Translation, *args: Any) -> Any:
        wanted = _second_is_used(work)
        found = _max_pool(axes)(work, *args, return_indices=wanted)
        return found if wanted else [*found, None]

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


def _max_unpool(axes: int) -> Any:
    def made(
        work: Translation,
        input: Any,
        indices: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Any:
        if work.event.whole.startswith("aten."):  # which is told the size alone: that of windows side by side
            before, kernel_size = work.wire(input).type.shape[1:], tuple(kernel_size)[-axes:]
            kernel_size = tuple(after // size for after, size in zip(kernel_size, before, strict=True))
            stride, padding = None, 0
        sizes = None if output_size is None else tuple(output_size)[-axes:]
        settings = {"kernel_size": kernel_size, "stride": stride or None, "padding": padding, "output_size": sizes}
        return work.add(layer(f"MaxUnpool{axes}d", **settings), input, indices)

    return made


def _adaptive(name: str) -> Any:
    def made(work: Translation, input: Any, output_size: Any, return_indices: bool = False) -> Any:
        kind = layer(name)
        (setting,) = [setting.name for setting in kind.settings() if "size" in setting.name]
        if isinstance(output_size, tuple) and None in output_size:
            sizes = work.wire(input).type.shape[1:]
            output_size = tuple(size or there for size, there in zip(output_size, sizes, strict=True))
        aten = "Max" in name and work.event.whole.startswith("aten.")
        settings = {setting: output_size, "return_indices": _second_is_used(work) if aten else return_indices}
        outputs = work.add(layer(name, **settings), input)
        return [*outputs, None] if aten else outputs

    return made


for _axes in (1, 2, 3):
    entry(f"max_pool{_axes}d")(_max_pool(_axes))
    entry(f"max_pool{_axes}d_with_indices")(_max_pool_with_places(_axes))
    entry(f"max_unpool{_axes}d")(_max_unpool(_axes))
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


def _upsample(mode: str, corners: bool) -> Any:
    """`aten.upsample_bilinear2d.vec` and its like; those without corners have no such argument."""

    def made(work: Translation, input: Any, output_size: Any, *rest: Any) -> Any:
        align, factors = rest if corners else (None, *rest)
        size = None if output_size is None or factors is not None else tuple(output_size)
        return _interpolate(work, input, size, factors, mode, align)

    return made


for _axes, _mode in ((1, "linear"), (2, "bilinear"), (2, "bicubic"), (3, "trilinear")):
    entry(f"upsample_{_mode}{_axes}d")(_upsample(_mode, corners=True))
for _axes in (1, 2, 3):
    entry(f"upsample_nearest{_axes}d")(_upsample("nearest", corners=False))
    entry(f"_upsample_nearest_exact{_axes}d")(_upsample("nearest-exact", corners=False))


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
    """`F.unfold`; and `Tensor.unfold`, whose arguments are an axis, the size of a window and a step."""
    if work.event.whole in ("torch.Tensor.unfold", "aten.unfold.default"):
        return windows(work, input, kernel_size, dilation, padding)
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
