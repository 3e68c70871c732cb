"""Convolutions, pools, padding and resizing against torch, and what they say where torch is silent."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from library.windows import LAYERS, compare, refusals
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.problems import Problem
from nnstudio.core.spec import SpecError

Numbers = st.SearchStrategy[Any]


def per_axis(axes: int, low: int, high: int) -> Numbers:
    """One number for all axes, or one for each."""
    whole = st.integers(low, high)
    return whole if axes == 1 else whole | st.tuples(*[whole] * axes)


def window(axes: int, kernel: int = 4) -> dict[str, Numbers]:
    return {"kernel_size": per_axis(axes, 1, kernel), "stride": st.none() | per_axis(axes, 1, 3)}


def convolution(axes: int) -> dict[str, Numbers]:
    return {
        "out_channels": st.sampled_from([1, 2, 4, 6]),
        "kernel_size": per_axis(axes, 1, 4),
        "stride": per_axis(axes, 1, 3),
        "padding": per_axis(axes, 0, 4) | st.sampled_from(["same", "valid"]),
        "dilation": per_axis(axes, 1, 3),
        "groups": st.sampled_from([1, 1, 2, 3]),
        "bias": st.booleans(),
        "padding_mode": st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
    }


def transposed(axes: int) -> dict[str, Numbers]:
    found = convolution(axes) | {"padding": per_axis(axes, 0, 4), "output_padding": per_axis(axes, 0, 3)}
    del found["padding_mode"]
    return found


def average(axes: int) -> dict[str, Numbers]:
    found = window(axes) | {"padding": per_axis(axes, 0, 2)}
    found |= {"ceil_mode": st.booleans(), "count_include_pad": st.booleans()}
    return found if axes == 1 else found | {"divisor_override": st.none() | st.integers(1, 5)}


def largest(axes: int) -> dict[str, Numbers]:
    found = window(axes) | {"padding": per_axis(axes, 0, 2), "dilation": per_axis(axes, 1, 3)}
    return found | {"ceil_mode": st.booleans(), "return_indices": st.booleans()}


def fractional(axes: int) -> dict[str, Numbers]:
    ratio = st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.99, 1.0])
    return {
        "kernel_size": per_axis(axes, 1, 4),
        "output_size": st.none() | per_axis(axes, 1, 5),
        "output_ratio": st.none() | ratio | st.tuples(*[ratio] * axes),
        "return_indices": st.booleans(),
    }


def unpooling(axes: int) -> dict[str, Numbers]:
    return window(axes) | {"padding": per_axis(axes, 0, 3), "output_size": st.none() | per_axis(axes, 1, 12)}


def padding(axes: int) -> dict[str, Numbers]:
    side = st.integers(-2, 5)
    return {"padding": side | st.tuples(*[side] * (2 * axes))}


def resizing(axes: int) -> dict[str, Numbers]:
    factor = st.sampled_from([0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0])
    return {
        "size": st.none() | per_axis(axes, 1, 6),
        "scale_factor": st.none() | factor | st.tuples(*[factor] * axes),
    }


FAMILIES = {
    "Conv": convolution,
    "ConvTranspose": transposed,
    "MaxPool": largest,
    "AvgPool": average,
    "LPPool": lambda axes: window(axes) | {"norm_type": st.sampled_from([1, 1.5, 2, 3]), "ceil_mode": st.booleans()},
    "AdaptiveAvgPool": lambda axes: {"output_size": per_axis(axes, 0 if axes > 1 else 1, 6)},
    "AdaptiveMaxPool": lambda axes: {
        "output_size": per_axis(axes, 0 if axes > 1 else 1, 6),
        "return_indices": st.booleans(),
    },
    "MaxUnpool": unpooling,
    "FractionalMaxPool": fractional,
    "ReflectionPad": padding,
    "ReplicationPad": padding,
    "CircularPad": padding,
    "ZeroPad": padding,
    "ConstantPad": lambda axes: padding(axes) | {"value": st.floats(-3, 3)},
    "UpsamplingNearest": resizing,
    "UpsamplingBilinear": resizing,
}
WITH_AXES = [(f"{family}{axes}d", axes) for family in FAMILIES for axes in (1, 2, 3) if f"{family}{axes}d" in LAYERS]


def made(draw: st.DataObject, name: str, settings: dict[str, Numbers]) -> Layer:
    return LAYERS[name](**{setting: draw.draw(values, setting) for setting, values in settings.items()})


@pytest.mark.parametrize(("name", "axes"), WITH_AXES)
@given(data=st.data())
def test_refuses_exactly_what_torch_refuses(name: str, axes: int, data: st.DataObject) -> None:
    layer = made(data, name, FAMILIES[name.removesuffix(f"{axes}d")](axes))
    shape = (data.draw(st.sampled_from([1, 2, 4, 6])), *data.draw(st.tuples(*[st.integers(1, 6)] * axes)))
    indices = (TensorType(shape, "int64"),) if name.startswith("MaxUnpool") else ()
    compare(layer, (TensorType(shape), *indices))


def test_every_family_has_all_its_members() -> None:
    assert len(WITH_AXES) == 3 * len(FAMILIES) - 1 - 2 - 2  # no FractionalMaxPool1d; Upsampling… is for images


@pytest.mark.parametrize(("name", "axes"), WITH_AXES)
@pytest.mark.parametrize("more", [-1, 1])
def test_an_input_without_a_batch_is_refused(name: str, axes: int, more: int) -> None:
    """Torch takes [C, H, W] for one image; here it is a batch of C lines, and no image."""
    shape = (4,) * (1 + axes + more)
    types = (TensorType(shape), TensorType(shape, "int64"))[: len(LAYERS[name]().input_ports)]
    if name.startswith(("ZeroPad", "ConstantPad")):  # they need no channels
        assert not refusals(LAYERS[name](), types)
        compare(LAYERS[name](), types)
        return
    complaint, *_ = refusals(LAYERS[name](), types)
    assert f"{axes + 2} axes [B, C, " in complaint.needed
    assert f"{axes + 2 + more} axes" in complaint.got


WITHOUT_AXES = {
    "Unfold": (
        2,
        {
            "kernel_size": per_axis(2, 1, 4),
            "dilation": per_axis(2, 1, 3),
            "padding": per_axis(2, 0, 3),
            "stride": per_axis(2, 1, 3),
        },
    ),
    "PixelShuffle": (2, {"upscale_factor": st.integers(1, 3)}),
    "PixelUnshuffle": (2, {"downscale_factor": st.integers(1, 3)}),
}


@pytest.mark.parametrize("name", WITHOUT_AXES)
@given(data=st.data())
def test_images_are_refused_exactly_where_torch_refuses_them(name: str, data: st.DataObject) -> None:
    axes, settings = WITHOUT_AXES[name]
    shape = (data.draw(st.sampled_from([1, 4, 8, 9])), *data.draw(st.tuples(*[st.integers(1, 6)] * axes)))
    if name.startswith("Pixel"):
        shape = (*data.draw(st.sampled_from([(), (2,)])), *shape)
    compare(made(data, name, settings), (TensorType(shape),))


@given(data=st.data())
def test_channels_are_shuffled_where_torch_shuffles_them(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 6), min_size=0, max_size=4))
    compare(made(data, "ChannelShuffle", {"groups": st.integers(1, 4)}), (TensorType(tuple(shape)),))


@given(data=st.data())
def test_fold_takes_what_unfold_gives(data: st.DataObject) -> None:
    settings = {name: data.draw(values) for name, values in WITHOUT_AXES["Unfold"][1].items()}
    size = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    unfold, image = LAYERS["Unfold"](**settings), TensorType((3, *size))
    fold = LAYERS["Fold"](output_size=size, **settings)
    if refusals(unfold, (image,)):
        columns, places = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
    else:
        _, columns, places = unfold.build(image.shape)(torch.zeros(1, *image.shape)).shape
        assert not refusals(fold, (TensorType((columns, places)),))
        columns += data.draw(st.sampled_from([0, 0, 1]))
        places += data.draw(st.sampled_from([0, 0, 1]))
    compare(fold, (TensorType((columns, places)),))


@given(data=st.data())
def test_upsample_is_refused_exactly_where_torch_refuses_it(data: st.DataObject) -> None:
    factor = st.sampled_from([0.1, 0.5, 1.5, 2.0])
    settings: dict[str, Numbers] = {
        "size": st.none() | st.integers(1, 6) | st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple),
        "scale_factor": st.none() | factor | st.lists(factor, min_size=1, max_size=3).map(tuple),
        "mode": st.sampled_from(["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"]),
        "align_corners": st.booleans(),
        "recompute_scale_factor": st.booleans(),
    }
    layer = made(data, "Upsample", settings)
    kind = TensorType(tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))))
    if layer.align_corners and refusals(layer, (kind,)):
        return  # torch is not even told of it where the mode has no corners
    compare(layer, (kind,))


def said(name: str, *shapes: tuple[int, ...], **settings: Any) -> str:
    complaints = refusals(LAYERS[name](**settings), tuple(TensorType(shape) for shape in shapes))
    assert len(complaints) == 1
    return Problem.at("n1", name, complaints[0]).message


SENTENCES = [
    ("Conv2d", {"padding": "same", "stride": 2}, [(1, 8, 8)], ['stride 1 for padding "same"', "padding 1×1"]),
    ("Conv2d", {"padding": 4, "padding_mode": "reflect"}, [(1, 4, 8)], ["at most 3×7", "mirror image"]),
    ("Conv3d", {}, [(1, 8, 8)], ["5 axes [B, C, D, H, W]", "4 axes"]),
    ("ConvTranspose2d", {"stride": 2, "output_padding": 2}, [(1, 8, 8)], ["at most 1×1", "output padding 2×2"]),
    ("ConvTranspose2d", {"groups": 2}, [(3, 8, 8)], ["groups=2 must divide 3 input channels"]),
    ("ConvTranspose1d", {"padding": 4, "kernel_size": 1}, [(3, 8)], ["at least 1", "cuts 8 away wholly"]),
    ("MaxPool2d", {"dilation": 3, "kernel_size": 3}, [(1, 6, 9)], ["at least 7×7", "spread to 7×7"]),
    ("MaxPool3d", {"padding": 2}, [(1, 8, 8, 8)], ["at most half the kernel (1)"]),
    ("FractionalMaxPool2d", {"output_size": 3}, [(1, 8, 8)], ["an output size or an output ratio", "both"]),
    ("FractionalMaxPool2d", {"output_ratio": 0.1}, [(1, 8, 8)], ["at least 1", "0×0 of 8×8"]),
    ("FractionalMaxPool3d", {"output_ratio": 0.9}, [(1, 8, 8, 8)], ["at least 9×9×9", "too small"]),
    ("MaxUnpool2d", {}, [(1, 4, 4), (1, 4, 4)], ["int64", "return_indices"]),
    ("ReflectionPad1d", {"padding": 4}, [(1, 4)], ["at most 3", "padding 4 around the 4 input"]),
    ("CircularPad2d", {"padding": (0, 0, 5, 0)}, [(1, 4, 4)], ["at most 4×4", "5×0"]),
    ("ZeroPad2d", {"padding": -2}, [(1, 4, 5)], ["cuts 4×4 away from 4×5"]),
    ("PixelShuffle", {}, [(6, 4, 4)], ["multiple of 4", "6 channels", "8 channels"]),
    ("PixelUnshuffle", {}, [(6, 4, 5)], ["multiples of 2", "4×5"]),
    ("ChannelShuffle", {"groups": 4}, [(6, 4, 4)], ["groups=4 must divide 6 channels: use 2 or 3 or 6"]),
    ("Fold", {}, [(12, 48)], ["49 blocks (7×7 in an image of 8×8)", "48 in [B, 12, 48]"]),
    ("Fold", {}, [(10, 49)], ["multiple of 4", "10 in"]),
    (
        "Upsample",
        {"mode": "bilinear"},
        [(4, 9)],
        ["4 axes [B, C, H, W] for the mode bilinear", "Use linear or nearest"],
    ),
    ("Upsample", {"align_corners": True}, [(4, 9)], ["a mode of linear", "mode nearest"]),
    ("Upsample", {"scale_factor": None}, [(4, 9)], ["a size or a scale factor", "neither"]),
    ("Upsample", {"scale_factor": (2, 2)}, [(4, 9)], ["1 numbers as scale factor", "2"]),
    ("UpsamplingNearest2d", {"scale_factor": 0.1}, [(4, 9, 9)], ["at least 1", "0×0 of 9×9"]),
]


@pytest.mark.parametrize(("name", "settings", "shapes", "words"), SENTENCES)
def test_sentences(name: str, settings: dict, shapes: list, words: list[str]) -> None:
    sentence = said(name, *shapes, **settings)
    for word in words:
        assert word in sentence


def output(name: str, *tensors: torch.Tensor, **settings: Any) -> Any:
    layer = LAYERS[name](**settings)
    torch.manual_seed(0)
    return layer.apply(layer.build(*(tuple(tensor.shape[1:]) for tensor in tensors)), *tensors)


@pytest.mark.parametrize(
    ("name", "settings", "shape", "expected"),
    [
        ("Conv2d", {"kernel_size": 4, "padding": "same"}, (3, 8, 8), (8, 8, 8)),
        ("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2}, (3, 32, 32), (8, 15, 15)),
        ("Conv3d", {"kernel_size": (1, 3, 5), "padding": "valid"}, (3, 5, 5, 5), (8, 5, 3, 1)),
        ("ConvTranspose1d", {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}, (3, 8), (8, 16)),
        ("ConvTranspose2d", {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}, (3, 8, 8), (8, 16, 16)),
        ("MaxPool2d", {}, (3, 5, 5), (3, 2, 2)),
        ("MaxPool2d", {"ceil_mode": True}, (3, 5, 5), (3, 3, 3)),
        ("AdaptiveAvgPool2d", {"output_size": 7}, (3, 5, 5), (3, 7, 7)),
        ("AdaptiveAvgPool2d", {"output_size": (0, 2)}, (3, 5, 5), (3, 5, 2)),
        ("Upsample", {"scale_factor": 1.5}, (3, 5, 5), (3, 7, 7)),
        ("PixelShuffle", {"upscale_factor": 3}, (9, 2, 4), (1, 6, 12)),
    ],
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")  # torch says it once, that a zero is added on one side
def test_sizes(name: str, settings: dict, shape: tuple, expected: tuple) -> None:
    assert tuple(output(name, torch.randn(2, *shape), **settings).shape) == (2, *expected)


def test_an_even_kernel_keeps_the_size_with_one_more_zero_behind() -> None:
    x = torch.randn(2, 3, 8, 8)
    torch.manual_seed(0)
    theirs = nn.Conv2d(3, 5, 4)
    expected = theirs(nn.functional.pad(x, (1, 2, 1, 2)))
    assert torch.allclose(output("Conv2d", x, out_channels=5, kernel_size=4, padding="same"), expected, atol=1e-6)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_unpooling_puts_back_what_the_pool_took(axes: int) -> None:
    x = torch.randn(2, 3, *(5, 6, 7)[:axes])
    pooled, indices = output(f"MaxPool{axes}d", x, return_indices=True)
    assert indices.dtype == torch.int64
    back = output(f"MaxUnpool{axes}d", pooled, indices, output_size=(5, 6, 7)[:axes] if axes > 1 else 5)
    assert back.shape == x.shape
    assert torch.equal(back, torch.where(back == 0, 0, x)) and int((back != 0).sum()) == pooled.numel()


def test_the_port_for_indices_comes_with_its_setting() -> None:
    for name in ("MaxPool1d", "MaxPool2d", "MaxPool3d", "AdaptiveMaxPool2d", "FractionalMaxPool3d"):
        assert [port.name for port in LAYERS[name]().output_ports] == ["output"]
        assert [port.name for port in LAYERS[name](return_indices=True).output_ports] == ["output", "indices"]


def test_a_power_that_spoils_negative_numbers_is_noted() -> None:
    def notes(power: float) -> list[str]:
        return [c.severity for c in LAYERS["LPPool2d"](norm_type=power).check(TensorType((1, 4, 4)))]

    assert [notes(power) for power in (1, 2, 4)] == [[], [], []]
    assert notes(3) == notes(1.5) == ["note"]
    x = -torch.ones(1, 1, 4, 4)
    assert output("LPPool2d", x, norm_type=3.0).isnan().all() and not output("LPPool2d", x).isnan().any()


def test_whole_numbers_can_be_padded_with_whole_numbers() -> None:
    tokens = TensorType((7,), "int64")
    assert not refusals(LAYERS["ConstantPad1d"](value=3.0), (tokens,))
    complaint, *_ = refusals(LAYERS["ConstantPad1d"](value=0.5), (tokens,))
    assert "whole number" in complaint.needed and complaint.got == "0.5"
    assert output("ConstantPad1d", torch.ones(2, 3, dtype=torch.int64), value=3.0).tolist()[0] == [3, 1, 1, 1, 3]


def test_a_setting_has_as_many_numbers_as_the_layer_has_axes() -> None:
    assert LAYERS["Conv2d"](kernel_size=[3, 2]).kernel_size == (3, 2)
    assert LAYERS["ReflectionPad1d"](padding=(1, 2)).padding == (1, 2)
    for name, sizes in (("Conv1d", (3,)), ("Conv2d", (3, 3, 3)), ("Conv3d", (3, 3))):
        with pytest.raises(SpecError, match="kernel_size needs"):
            LAYERS[name](kernel_size=sizes)
    with pytest.raises(SpecError, match="same, valid"):
        LAYERS["Conv2d"](padding="full")
    with pytest.raises(SpecError, match="padding needs"):
        LAYERS["ReflectionPad2d"](padding=(1, 2))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("deconv", "ConvTranspose2d"),
        ("transposed convolution", "ConvTranspose1d"),
        ("upconv", "ConvTranspose3d"),
        ("subpixel", "PixelShuffle"),
        ("global average pooling", "AdaptiveAvgPool2d"),
        ("im2col", "Unfold"),
        ("mirror padding", "ReflectionPad2d"),
        ("interpolate", "Upsample"),
    ],
)
def test_is_found_by_what_people_call_it(typed: str, name: str) -> None:
    assert typed in LAYERS[name].aliases
