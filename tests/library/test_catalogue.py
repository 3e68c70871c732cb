"""Every layer of torch is in the catalogue, or it is said why not; and each is found by what people call it."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn

import nnstudio.library  # noqa: F401  (registers what is looked for)
from library.left_out import LOSSES_LEFT_OUT
from nnstudio.core.kinds import Layer, Loss
from nnstudio.core.spec import registered
from nnstudio.ui.palette import match, offered

_CONTAINER = "holds other modules: a block on the canvas"
_LOSS = "a loss that is left out for a reason of its own, or that has a class of its own around it"
_LAZY = "finds its sizes from its first input, as every layer on the canvas does"

_LAZY_ONES = """LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d
    LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear"""
LEFT_OUT = {
    "Module": "what all of them are",
    "Container": _CONTAINER,
    "Sequential": _CONTAINER,
    "ModuleList": _CONTAINER,
    "ModuleDict": _CONTAINER,
    "ParameterList": "holds parameters: several Parameter nodes on the canvas",
    "ParameterDict": "holds parameters: several Parameter nodes on the canvas",
    "DataParallel": "a way to train on several devices, which torch advises against",
    "SyncBatchNorm": "a BatchNorm for training on several devices, made from one when such a training begins",
    "RNNBase": "what RNN, LSTM and GRU have in common; it computes nothing itself",
    "RNNCellBase": "what the recurrent cells have in common; it computes nothing itself",
    **dict.fromkeys(_LAZY_ONES.split(), _LAZY),
    **dict.fromkeys([*LOSSES_LEFT_OUT, "GaussianNLLLoss"], _LOSS),
}

# Modules that younger releases of torch than the oldest that will do have added.
ADDED = {"LinearCrossEntropyLoss": (2, 13)}


def of_torch() -> dict[str, type]:
    """Every module class that torch.nn offers."""
    found = {name: getattr(nn, name) for name in dir(nn)}
    return {name: made for name, made in found.items() if inspect.isclass(made) and issubclass(made, nn.Module)}


def in_the_catalogue() -> set[str]:
    have = {spec.torch_class for kind in (Layer, Loss) for spec in registered(kind).values()}
    return {name for name, made in of_torch().items() if made in have}


def test_every_module_of_torch_is_there_or_left_out_for_a_reason() -> None:
    assert set(of_torch()) - in_the_catalogue() - LEFT_OUT.keys() == set()


def test_nothing_is_left_out_that_is_there_or_that_torch_does_not_have() -> None:
    assert LEFT_OUT.keys() & in_the_catalogue() == set()
    present = tuple(int(part) for part in torch.__version__.split(".")[:2])
    to_come = {name for name, release in ADDED.items() if present < release}
    assert LEFT_OUT.keys() - of_torch().keys() == to_come


def test_the_reasons_hold() -> None:
    every = of_torch()
    for name, reason in LEFT_OUT.items():
        if reason == _LAZY:  # what it stands for is there
            assert issubclass(every[name], nn.modules.lazy.LazyModuleMixin)
            assert name.removeprefix("Lazy") in in_the_catalogue()
        elif reason == _LOSS:
            assert "Loss" in name
        elif reason == _CONTAINER and name != "Container":  # an old name
            assert every[name].__module__ == "torch.nn.modules.container"


def best(typed: str) -> set[str]:
    """The layers that answer best to what was typed."""
    ranks = {name: match(typed, layer) for name, layer in offered().items()}
    found = {name: rank for name, rank in ranks.items() if rank is not None}
    return {name for name, rank in found.items() if rank == min(found.values())}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("dense", "Linear"),
        ("fully connected", "Linear"),
        ("feed forward", "Linear"),
        ("convolution", "Conv2d"),
        ("deconv", "ConvTranspose2d"),
        ("transposed convolution", "ConvTranspose1d"),
        ("dropout", "Dropout"),
        ("residual", "Add"),
        ("residual add", "Add"),
        ("skip", "Add"),
        ("skip connection", "Add"),
        ("skip connection", "Concatenate"),
        ("concat", "Concatenate"),
        ("lookup table", "Embedding"),
        ("softmax", "Softmax"),
        ("probabilities", "Softmax"),
        ("swish", "SiLU"),
        ("squash", "Sigmoid"),
        ("squash", "Tanh"),
        ("rectifier", "ReLU"),
        ("gate", "GLU"),
        ("attention", "MultiheadAttention"),
        ("attention", "ScaledDotProductAttention"),
        ("mask", "MaskedFill"),
        ("causal", "CausalMask"),
        ("positional encoding", "PositionalEncoding"),
        ("normalise", "BatchNorm1d"),
        ("normalise", "LayerNorm"),
        ("normalize", "GroupNorm"),
        ("batch normalization", "BatchNorm2d"),
        ("batch normalisation", "BatchNorm2d"),
        ("upsample", "Upsample"),
        ("resize", "Upsample"),
        ("depth to space", "PixelShuffle"),
        ("mean pooling", "AvgPool2d"),
        ("max pooling", "MaxPool2d"),
        ("global average pooling", "AdaptiveAvgPool2d"),
        ("max over time", "Max"),
        ("sum", "Sum"),
        ("matrix multiplication", "MatMul"),
        ("one-hot", "OneHot"),
        ("one hot", "OneHot"),
        ("cosine", "CosineSimilarity"),
        ("vector", "Flatten"),
        ("view", "Reshape"),
    ],
)
def test_is_found_by_what_people_call_it(typed: str, name: str) -> None:
    assert name in best(typed)


def test_is_found_by_its_name_in_torch() -> None:
    for name, layer in offered().items():
        wanted = layer.torch_class.__name__ if layer.torch_class in of_torch().values() else name
        assert name in best(wanted), name
