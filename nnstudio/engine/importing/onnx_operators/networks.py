"""Operators with weights, norms and attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_operators.table import axis_of, layer, operator, rounded, same, sizes_of
from nnstudio.engine.importing.onnx_values import Known
from nnstudio.engine.importing.translate import Refused

# -- linear ------------------------------------------------------------------------------------------------------------


@operator("MatMul")
def _matmul(work: Any, a: Any, b: Any) -> Any:
    """Also a bias that is added to it afterwards."""
    if not (isinstance(a, Tensor) and isinstance(b, Known) and b.first.ndim == 2 and b.first.dtype.kind == "f"):
        return work.one(layer("MatMul"), a, b)
    if not b.learned and (not b.name or b.name in work.file.kept):
        return work.one(layer("MatMul"), a, b)
    weight = _turned(b)
    outputs = weight.first.shape[0]
    if not a.type.batch_first:
        return _function(work, a, weight)
    found = work.only_reader(work.operation.outputs[0], "Add")
    if found is not None:
        other = [work.values.get(name) for name in found[0].inputs if name != work.operation.outputs[0]]
        bias = other[0] if other else None
        if isinstance(bias, Known) and bias.first.shape == (outputs,) and bias.first.dtype == np.float32:
            made = work.module(layer("Linear", out_features=outputs), a, weight=weight, bias=bias)
            work.swallow(found[1], made)
            return None
    return work.module(layer("Linear", out_features=outputs, bias=False), a, weight=weight)


def _function(work: Any, a: Tensor, weight: Known) -> Any:
    """A linear layer of a tensor whose batch is not the first axis."""
    weight = Known(weight.first, None, weight.name or work.operation.outputs[0], True)
    found = work.only_reader(work.operation.outputs[0], "Add")
    if found is not None:
        other = [work.values.get(name) for name in found[0].inputs if name != work.operation.outputs[0]]
        bias = other[0] if other else None
        if isinstance(bias, Known) and bias.first.shape == (weight.first.shape[0],):
            work.swallow(found[1], work.one(layer("LinearFunction"), a, weight, bias))
            return None
    return work.one(layer("LinearFunction"), a, weight)


def _turned(value: Known) -> Known:
    """A matrix the other way round, as torch keeps the weight of a Linear; it may be what the file turned before."""
    array = value.fixed()
    return Known(np.ascontiguousarray(array.T), None, value.name, True)


@operator("Gemm")
def _gemm(work: Any, a: Any, b: Any, c: Any = None) -> Any:
    alpha, beta = float(work.attribute("alpha", 1.0)), float(work.attribute("beta", 1.0))
    if work.attribute("transA", 0):
        if not isinstance(a, Tensor) or a.type.batch_first:
            raise Refused("it swaps the rows of the batch with another axis")
        a = work.one(layer("Transpose", first=0, second=1), a)
    outputs = -1
    if isinstance(a, Tensor) and isinstance(b, Known) and b.first.ndim == 2 and a.type.batch_first:
        weight = b if work.attribute("transB", 0) else _turned(b)
        outputs = weight.first.shape[0]
        bias = _bias(c, outputs)
        if alpha != 1:
            weight = Known(weight.fixed() * np.float32(alpha), None, weight.name, True)
        if bias is not None and beta != 1:
            bias = Known(bias.fixed() * np.float32(beta), None, bias.name, True)
        if c is None or bias is not None:
            found = layer("Linear", out_features=outputs, bias=c is not None)
            return work.module(found, a, weight=weight, bias=bias)
    right = work.one(layer("Transpose", first=0, second=1), b) if work.attribute("transB", 0) else b
    made = work.one(layer("MatMul"), a, right)
    if alpha != 1:
        made = work.one(layer("Arithmetic", operation="x * c", number=alpha), made)
    if c is None:
        return made
    scaled = c if beta == 1 else work.one(layer("Arithmetic", operation="x * c", number=beta), c)
    return work.one(layer("Add"), made, scaled)


def _bias(value: Any, outputs: int) -> Known | None:
    if not isinstance(value, Known):
        return None
    array = value.fixed()
    if array.size == 1:
        return Known(np.full(outputs, array.reshape(-1)[0], np.float32), None, "", True)
    return Known(array.reshape(-1), None, value.name, value.learned) if array.size == outputs else None


@operator("Einsum")
def _einsum(work: Any, *values: Any) -> Any:
    return work.one(layer("Einsum", equation=work.attribute("equation", "").replace(" ", "")), *values)


# -- convolutions ------------------------------------------------------------------------------------------------------


def around(work: Any, sizes: Sequence[int | None], kernel: Sequence[int]) -> tuple[list[int], list[int]]:
    """How much is put before and after each axis."""
    count = len(kernel)
    mode = work.attribute("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        before, after = [], []
        strides = work.attribute("strides", (1,) * count)
        dilations = work.attribute("dilations", (1,) * count)
        for size, length, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
            if size is None:
                raise Refused("it pads the rows of the batch")
            total = max(0, (-(-size // stride) - 1) * stride + (length - 1) * dilation + 1 - size)
            low, high = total // 2, total - total // 2
            before.append(low if mode == "SAME_UPPER" else high)
            after.append(high if mode == "SAME_UPPER" else low)
        return before, after
    pads = work.attribute("pads", (0,) * 2 * count) if mode != "VALID" else (0,) * 2 * count
    if len(pads) != 2 * count:
        raise Refused("it does not say how much is put around each axis")
    return list(pads[:count]), list(pads[count:])


def padded(work: Any, wire: Tensor, before: list[int], after: list[int], value: float = 0.0) -> Tensor:
    """A wire with numbers put around its last axes."""
    amounts = tuple(amount for pair in reversed(list(zip(before, after, strict=True))) for amount in pair)
    made: Tensor = work.one(layer("Pad", padding=amounts, value=value), wire)
    return made


def spatial(work: Any, x: Any) -> tuple[Tensor, int]:
    """The wire and how many axes a row has behind its channels. Raises Refused."""
    wire: Tensor = work.wire(x)
    axes = wire.type.axes - 2
    if not wire.type.batch_first or axes not in (1, 2, 3):
        raise Refused(f"it needs rows with channels and one to three more axes, and gets {wire.type.text}")
    return wire, axes


@operator("Conv")
def _convolution(work: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    wire, axes = spatial(work, x)
    array = work.fixed(weight)
    kernel = array.shape[2:]
    if len(kernel) != axes:
        raise Refused(f"its kernel has {len(kernel)} axes, and what comes in {axes}")
    before, after = around(work, sizes_of(wire.type)[2:], kernel)
    if before != after:
        wire, before = padded(work, wire, before, after), [0] * axes
    found = layer(
        f"Conv{axes}d",
        out_channels=array.shape[0],
        kernel_size=same(kernel),
        stride=same(work.attribute("strides", (1,) * axes)),
        padding=same(before),
        dilation=same(work.attribute("dilations", (1,) * axes)),
        groups=int(work.attribute("group", 1)),
        bias=bias is not None and _counts(bias),
    )
    return work.module(found, wire, weight=weight, bias=bias if found.bias else None)  # type: ignore[attr-defined]


def _counts(bias: Any) -> bool:
    """Whether a bias is more than the zeros that torch writes where there is none."""
    return not isinstance(bias, Known) or bias.learned or bool(bias.fixed().any())


@operator("ConvTranspose")
def _transposed(work: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    wire, axes = spatial(work, x)
    array = work.fixed(weight)
    kernel = array.shape[2:]
    groups = int(work.attribute("group", 1))
    strides = work.attribute("strides", (1,) * axes)
    dilations = work.attribute("dilations", (1,) * axes)
    extra = list(work.attribute("output_padding", (0,) * axes))
    wanted = work.attribute("output_shape")
    before, after = ([0] * axes,) * 2 if wanted else around(work, sizes_of(wire.type)[2:], kernel)
    if wanted or work.attribute("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        raise Refused("it says how large its result is in place of its padding; there is no layer for that")
    for axis in range(axes):
        if before[axis] != after[axis]:  # less is cut off at the end: as if there were more of it
            extra[axis] += before[axis] - after[axis]
    if min(extra) < 0:
        raise Refused("it cuts off more at the end than at the beginning; there is no layer for that")
    found = layer(
        f"ConvTranspose{axes}d",
        out_channels=array.shape[1] * groups,
        kernel_size=same(kernel),
        stride=same(strides),
        padding=same(before),
        output_padding=same(extra),
        dilation=same(dilations),
        groups=groups,
        bias=bias is not None and _counts(bias),
    )
    return work.module(found, wire, weight=weight, bias=bias if found.bias else None)  # type: ignore[attr-defined]


@operator("Col2Im")
def _fold(work: Any, x: Any, image: Any, block: Any) -> Any:
    axes = len(work.fixed(image))
    before, after = around(work, (), work.fixed(block))
    if before != after or axes != 2:
        raise Refused("there is no layer for more at one side than at the other, or for other than images")
    settings = {
        "output_size": same(work.fixed(image)),
        "kernel_size": same(work.fixed(block)),
        "dilation": same(work.attribute("dilations", (1,) * axes)),
        "padding": same(before),
        "stride": same(work.attribute("strides", (1,) * axes)),
    }
    return work.one(layer("Fold", **settings), x)


# -- norms -------------------------------------------------------------------------------------------------------------


@operator("BatchNormalization")
def _batch_norm(work: Any, x: Any, weight: Any, bias: Any, mean: Any, variance: Any) -> Any:
    wire: Tensor = work.wire(x)
    if work.attribute("training_mode", 0) or not work.attribute("spatial", 1):
        raise Refused("it takes the statistics of the batch always, not in training alone")
    axes = {2: 1, 3: 1, 4: 2, 5: 3}.get(wire.type.axes, 0)
    momentum = round(1 - float(work.attribute("momentum", 0.9)), 6)
    found = layer(f"BatchNorm{axes}d", eps=rounded(work.attribute("epsilon", 1e-5)), momentum=momentum)
    arrays = {"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance}
    return work.module(found, wire, **arrays, num_batches_tracked=np.array(0, np.int64))


@operator("InstanceNormalization")
def _instance_norm(work: Any, x: Any, weight: Any, bias: Any) -> Any:
    wire, axes = spatial(work, x)
    plain = bool((work.fixed(weight) == 1).all() and (work.fixed(bias) == 0).all())
    affine = not plain or bool(weight.name and not weight.name.startswith("val_"))
    found = layer(f"InstanceNorm{axes}d", eps=rounded(work.attribute("epsilon", 1e-5)), affine=affine)
    return work.module(found, wire, weight=weight, bias=bias) if affine else work.one(found, wire)


@operator("LayerNormalization")
def _layer_norm(work: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    wire: Tensor = work.wire(x)
    count = wire.type.axes - axis_of(work.attribute("axis", -1), wire.type)
    found = layer("LayerNorm", axes=count, eps=rounded(work.attribute("epsilon", 1e-5)), bias=bias is not None)
    return work.module(found, wire, weight=weight, bias=bias)


@operator("RMSNormalization")
def _rms_norm(work: Any, x: Any, weight: Any) -> Any:
    wire: Tensor = work.wire(x)
    count = wire.type.axes - axis_of(work.attribute("axis", -1), wire.type)
    return work.module(layer("RMSNorm", axes=count, eps=rounded(work.attribute("epsilon", 1e-5))), wire, weight=weight)


@operator("GroupNormalization")
def _group_norm(work: Any, x: Any, weight: Any, bias: Any) -> Any:
    wire: Tensor = work.wire(x)
    groups, channels = int(work.attribute("num_groups")), wire.type.shape[0]
    arrays = []
    for value in (weight, bias):
        array = work.fixed(value)
        if array.size == groups != channels:  # version 18 had one number for each group
            arrays.append(Known(np.repeat(array, channels // groups), None, value.name, True))
        else:
            arrays.append(value)
    found = layer("GroupNorm", num_groups=groups, eps=rounded(work.attribute("epsilon", 1e-5)))
    return work.module(found, wire, weight=arrays[0], bias=arrays[1])


@operator("LRN")
def _local_response(work: Any, x: Any) -> Any:
    settings = {
        "size": int(work.attribute("size")),
        "alpha": rounded(work.attribute("alpha", 0.0001)),
        "beta": rounded(work.attribute("beta", 0.75)),
        "k": rounded(work.attribute("bias", 1.0)),
    }
    return work.one(layer("LocalResponseNorm", **settings), x)


# -- attention ---------------------------------------------------------------------------------------------------------


@operator("Attention")
def _attention(work: Any, query: Any, key: Any, value: Any, mask: Any = None, *past: Any) -> Any:
    if any(part is not None for part in past) or work.attribute("softcap", 0.0):
        raise Refused("there is no layer for attention with what was computed before, or with a soft cap")
    wires = [work.wire(part) for part in (query, key, value)]
    heads = (work.attribute("q_num_heads"), work.attribute("kv_num_heads"), work.attribute("kv_num_heads"))
    flat = wires[0].type.axes == 3
    if flat:
        wires = [_heads(work, wire, count) for wire, count in zip(wires, heads, strict=True)]
    scale = work.attribute("scale")
    settings = {
        "causal": bool(work.attribute("is_causal", 0)),
        "scale": None if scale is None else rounded(scale),
        "enable_gqa": wires[0].type.shape[0] != wires[1].type.shape[0],
    }
    made = work.one(layer("ScaledDotProductAttention", **settings), *wires, mask)
    if not flat:
        return made
    count, length, width = made.type.shape
    turned = work.one(layer("Transpose", first=1, second=2), made)
    return work.one(layer("Reshape", shape=(length, count * width)), turned)


def _heads(work: Any, wire: Tensor, count: Any) -> Tensor:
    length, width = wire.type.shape
    split = work.one(layer("Reshape", shape=(length, int(count), width // int(count))), wire)
    made: Tensor = work.one(layer("Transpose", first=1, second=2), split)
    return made
