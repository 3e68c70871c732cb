"""Normalisations and dropouts against torch, and what they say where torch is silent."""

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
from nnstudio.core.spec import from_json, to_json

Numbers = st.SearchStrategy[Any]
SHAPES = st.lists(st.integers(1, 6), min_size=0, max_size=5).map(tuple)
EPS = st.sampled_from([1e-5, 1e-3])

CHANNELS: dict[str, Numbers] = {
    "eps": EPS,
    "momentum": st.sampled_from([0.0, 0.1, 1.0]),
    "affine": st.booleans(),
    "bias": st.booleans(),
    "track_running_stats": st.booleans(),
}
BATCHES = CHANNELS | {"momentum": st.none() | st.sampled_from([0.0, 0.1, 1.0])}
RESPONSES: dict[str, Numbers] = {"size": st.integers(1, 8), "alpha": EPS, "beta": st.just(0.5), "k": st.just(2.0)}
CHANCE: dict[str, Numbers] = {"p": st.sampled_from([0.0, 0.5, 1.0])}

SETTINGS: dict[str, dict[str, Numbers]] = {
    "BatchNorm1d": BATCHES,
    "BatchNorm2d": BATCHES,
    "BatchNorm3d": BATCHES,
    "InstanceNorm1d": CHANNELS,
    "InstanceNorm2d": CHANNELS,
    "InstanceNorm3d": CHANNELS,
    "GroupNorm": {"eps": EPS, "num_groups": st.integers(1, 4), "affine": st.booleans(), "bias": st.booleans()},
    "LayerNorm": {
        "eps": EPS,
        "axes": st.integers(1, 3),
        "elementwise_affine": st.booleans(),
        "bias": st.booleans(),
    },
    "RMSNorm": {"eps": st.none() | EPS, "axes": st.integers(1, 3), "elementwise_affine": st.booleans()},
    "LocalResponseNorm": RESPONSES,
    "CrossMapLRN2d": RESPONSES,
    "Dropout": CHANCE,
    "Dropout1d": CHANCE,
    "Dropout2d": CHANCE,
    "Dropout3d": CHANCE,
    "AlphaDropout": CHANCE,
    "FeatureAlphaDropout": CHANCE,
}

# Numbers of axes that torch takes for one input without a batch, so that it mixes up rows and channels, or with which
# it only warns.
SILENT = {
    "InstanceNorm1d": (1,),
    "InstanceNorm2d": (2,),
    "InstanceNorm3d": (3,),
    "Dropout1d": (1,),
    "Dropout2d": (0, 1, 2, 4, 5),
    "Dropout3d": (0, 1, 2, 3, 5),
    "FeatureAlphaDropout": (0,),
}


def made(data: st.DataObject, name: str) -> Layer:
    return LAYERS[name](**{setting: data.draw(values, setting) for setting, values in SETTINGS[name].items()})


@pytest.mark.parametrize("name", SETTINGS)
@given(data=st.data())
def test_refuses_exactly_what_torch_refuses(name: str, data: st.DataObject) -> None:
    layer, shape = made(data, name), data.draw(SHAPES)
    kind = TensorType(shape)
    # Torch normalises the batch together with the rows where there are too few axes behind it.
    too_few = len(shape) < getattr(layer, "axes", 0)
    if too_few or len(shape) in SILENT.get(name, ()):
        assert refusals(layer, (kind,))
    else:
        # Torch takes a group of one value as long as there are two rows, and makes it 0.
        compare(layer, (kind,), rows=1 if name == "GroupNorm" else 2)


def said(name: str, *shapes: tuple[int, ...], **settings: Any) -> list[tuple[str, str]]:
    complaints = LAYERS[name](**settings).check(*(TensorType(shape) for shape in shapes))
    return [(complaint.severity, Problem.at("n1", name, complaint).message) for complaint in complaints]


SENTENCES = [
    ("GroupNorm", {"num_groups": 3}, (8, 4, 4), "error", ["num_groups=3 must divide 8 channels: use 2 or 4 or 8"]),
    ("GroupNorm", {"num_groups": 4}, (4,), "error", ["at least 2 values in each group", "fewer groups"]),
    ("InstanceNorm2d", {}, (4, 1, 1), "error", ["at least 2 values in each channel", "LayerNorm"]),
    ("InstanceNorm1d", {}, (4,), "error", ["3 axes [B, C, L]", "2 axes"]),
    ("BatchNorm3d", {}, (4, 4, 4), "error", ["5 axes [B, C, D, H, W]", "4 axes"]),
    ("BatchNorm1d", {}, (4, 4, 4), "error", ["[B, features] or [B, C, L]", "BatchNorm2d"]),
    ("LayerNorm", {"axes": 3}, (4, 4), "error", ["at least 3 axes behind the batch", "fewer axes"]),
    ("LayerNorm", {}, (4, 1), "warning", ["at least 2 numbers", "makes 0"]),
    ("Dropout2d", {}, (4, 9), "error", ["4 axes [B, C, H, W]", "3 axes"]),
    ("Dropout1d", {}, (4,), "error", ["3 axes [B, C, L]", "2 axes"]),
    ("LocalResponseNorm", {}, (4,), "error", ["[B, C, …]", "[B, 4]"]),
]


@pytest.mark.parametrize(("name", "settings", "shape", "severity", "words"), SENTENCES)
def test_sentences(name: str, settings: dict, shape: tuple, severity: str, words: list[str]) -> None:
    complaints = said(name, shape, **settings)
    assert [found for found, _ in complaints] == [severity]
    for word in words:
        assert word in complaints[0][1]


@pytest.mark.parametrize("name", SETTINGS)
def test_masks_and_tokens_are_refused(name: str) -> None:
    for dtype in ("int64", "bool"):
        kind = TensorType(tuple(LAYERS[name].example[0].shape), dtype)
        assert any("float32" in complaint.needed and dtype in complaint.got for complaint in LAYERS[name]().check(kind))


def test_older_files_mean_what_they_meant() -> None:
    written = {"name": "LayerNorm", "settings": {"eps": 1e-3, "elementwise_affine": False}}
    norm = from_json(Layer, written)
    assert norm.arguments((3, 5)) == {"normalized_shape": 5, "eps": 1e-3, "elementwise_affine": False}
    written = {"name": "BatchNorm2d", "settings": {"eps": 1e-5, "momentum": 0.2, "affine": True}}
    assert from_json(Layer, written) == LAYERS["BatchNorm2d"](momentum=0.2)
    assert from_json(Layer, to_json(LAYERS["BatchNorm2d"](momentum=None))).momentum is None


def test_layer_norm_over_several_axes() -> None:
    x = torch.randn(2, 3, 4, 5)
    module = LAYERS["LayerNorm"](axes=2, bias=False).build((3, 4, 5))
    assert module.normalized_shape == (4, 5) and module.bias is None
    assert torch.equal(module(x), nn.LayerNorm((4, 5))(x))


@pytest.mark.parametrize("name", ["LayerNorm", "RMSNorm"])
@pytest.mark.parametrize(("axis", "axes", "taken"), [(0, 2, True), (1, 1, True), (1, 2, False), (2, 1, False)])
def test_the_axes_that_are_normalised_lie_behind_the_batch(name: str, axis: int, axes: int, taken: bool) -> None:
    kind = TensorType((4, 5), axis=axis)
    assert LAYERS[name].anywhere
    assert (refusals(LAYERS[name](axes=axes), (kind,)) == []) == taken
    assert not refusals(LAYERS[name](axes=2), (TensorType((4, 5), rows=0),))


def test_a_norm_without_a_shift_has_no_bias() -> None:
    for name in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm2d", "GroupNorm"):
        layer = LAYERS[name](affine=True, bias=False)
        module = layer.build(*(kind.shape for kind in LAYERS[name].example))
        assert module.weight is not None and module.bias is None
        assert "bias" not in LAYERS[name]().arguments(*(kind.shape for kind in LAYERS[name].example))


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "FeatureAlphaDropout", "Dropout1d"])
def test_dropout_at_its_ends(name: str) -> None:
    x = torch.randn(8, 6, 5)
    nothing, half, all_ = (LAYERS[name](p=p).build((6, 5)).train() for p in (0.0, 0.5, 1.0))
    assert torch.equal(nothing(x), x)
    assert not torch.equal(half(x), x) and torch.equal(half.eval()(x), x)
    assert not all_(x).any()


def test_channels_are_dropped_as_a_whole() -> None:
    torch.manual_seed(0)
    for name in ("Dropout1d", "FeatureAlphaDropout"):
        dropped = LAYERS[name]().build((50, 7)).train()(torch.ones(4, 50, 7))
        assert (dropped == dropped[:, :, :1]).all() and 2 <= len(dropped.unique()) <= 3
