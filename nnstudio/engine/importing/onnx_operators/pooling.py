"""Operators that make one number of each window, or of each channel."""

from __future__ import annotations

from typing import Any

from nnstudio.engine.importing.onnx_operators.networks import around, padded, spatial
from nnstudio.engine.importing.onnx_operators.table import layer, operator, same, sizes_of
from nnstudio.engine.importing.translate import Refused


def _window(work: Any, axes: int) -> dict[str, Any]:
    kernel = tuple(work.attribute("kernel_shape", ()))
    if len(kernel) != axes:
        raise Refused(f"its window has {len(kernel)} axes, and what comes in {axes}")
    stride = tuple(work.attribute("strides", (1,) * axes))
    return {"kernel_size": same(kernel), "stride": None if stride == kernel else same(stride)}


@operator("MaxPool")
def _max_pool(work: Any, x: Any) -> Any:
    wire, axes = spatial(work, x)
    settings = _window(work, axes)
    kernel = work.attribute("kernel_shape")
    before, after = around(work, sizes_of(wire.type)[2:], kernel)
    if before != after or any(2 * amount > length for amount, length in zip(before, kernel, strict=True)):
        wire, before = padded(work, wire, before, after, -3.4e38), [0] * axes
    settings |= {
        "padding": same(before),
        "dilation": same(work.attribute("dilations", (1,) * axes)),
        "ceil_mode": bool(work.attribute("ceil_mode", 0)),
    }
    # ONNX counts the places through the whole tensor, torch through each plane; what files make of them is the same.
    settings["return_indices"] = len(work.operation.outputs) > 1 and bool(work.readers[work.operation.outputs[1]])
    return work.add(layer(f"MaxPool{axes}d", **settings), wire)


@operator("AveragePool")
def _average_pool(work: Any, x: Any) -> Any:
    wire, axes = spatial(work, x)
    settings = _window(work, axes)
    kernel = work.attribute("kernel_shape")
    if any(dilation != 1 for dilation in work.attribute("dilations", ())):
        raise Refused("there is no layer for a mean of inputs that lie apart")
    count_all = bool(work.attribute("count_include_pad", 0))
    before, after = around(work, sizes_of(wire.type)[2:], kernel)
    if before != after or any(2 * amount > length for amount, length in zip(before, kernel, strict=True)):
        if not count_all:
            raise Refused("it puts more at one side than at the other and leaves it out of the mean")
        wire, before = padded(work, wire, before, after), [0] * axes
    settings |= {
        "padding": same(before),
        "ceil_mode": bool(work.attribute("ceil_mode", 0)),
        "count_include_pad": count_all or not any(before),
    }
    return work.one(layer(f"AvgPool{axes}d", **settings), wire)


@operator("LpPool")
def _lp_pool(work: Any, x: Any) -> Any:
    wire, axes = spatial(work, x)
    settings = _window(work, axes)
    before, after = around(work, sizes_of(wire.type)[2:], work.attribute("kernel_shape"))
    if any(before) or any(after):
        wire = padded(work, wire, before, after)
    settings |= {"norm_type": float(work.attribute("p", 2)), "ceil_mode": bool(work.attribute("ceil_mode", 0))}
    return work.one(layer(f"LPPool{axes}d", **settings), wire)


@operator("GlobalAveragePool")
def _global_average(work: Any, x: Any) -> Any:
    wire, axes = spatial(work, x)
    return work.one(layer(f"AdaptiveAvgPool{axes}d", output_size=1), wire)


@operator("GlobalMaxPool")
def _global_max(work: Any, x: Any) -> Any:
    wire, axes = spatial(work, x)
    return work.one(layer(f"AdaptiveMaxPool{axes}d", output_size=1), wire)
