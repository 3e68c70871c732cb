"""Rows that a module can be run on: of the types that a person states, or of those that it seems to take."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

import torch
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.engine.importing.module_program import as_it_was
from nnstudio.engine.importing.program import ImportRefused

ROWS = 3
LARGEST = 2**28  # numbers in a row
_DTYPES = ("float32", "int64", "bool")
_SEQUENCE = 16
_PICTURES = (224, 32, 28, 64, 96, 128, 256, 299, 16)
_SERIES = (128, 64, 256, 1024, 16)


def parse(text: str) -> TensorType:
    """The type that `3x32x32`, `16:int64` or `:bool` says: the sizes of one row and what its numbers are.

    Raises:
        ValueError: it says none.
    """
    sizes, _, dtype = text.strip().partition(":")
    dtype = dtype or "float32"
    if dtype not in _DTYPES or not re.fullmatch(r"(\d{1,9}(x\d{1,9})*)?", sizes) or (not sizes and ":" not in text):
        raise ValueError(f"needs the sizes of one row, such as 3x32x32 or 16:int64, but got {text[:40]!r}")
    kind = TensorType(tuple(map(int, sizes.split("x"))) if sizes else (), dtype)
    if 0 in kind.shape or kind.size > LARGEST or len(kind.shape) > 8:
        raise ValueError(f"needs sizes from 1 on that make at most {LARGEST:,} numbers, but got {text[:40]!r}")
    return kind


def examples_of(module: nn.Module, types: Sequence[TensorType]) -> tuple[torch.Tensor, ...]:
    """Rows of these types. Whole numbers are such that every table of the module has an entry for them."""
    tables = [inner.num_embeddings for inner in module.modules() if isinstance(inner, (nn.Embedding, nn.EmbeddingBag))]
    high = max(1, min(tables, default=2))
    generator = torch.Generator().manual_seed(0)
    return tuple(_example(kind, high, generator) for kind in types)


def _example(kind: TensorType, high: int, generator: torch.Generator) -> torch.Tensor:
    sizes = kind.sizes(ROWS)
    if kind.dtype == "int64":
        return torch.randint(high, sizes, generator=generator)
    if kind.dtype == "bool":
        return torch.rand(sizes, generator=generator) < 0.5
    return torch.randn(sizes, generator=generator)


def types_for(module: nn.Module, title: str, how: str) -> tuple[TensorType, ...]:
    """The types of a module's inputs as far as its first layer says them; `how` ends the sentence if it does not.

    Raises:
        ImportRefused: it cannot be told what it takes.
    """
    parameters = inspect.signature(module.forward).parameters.values()
    needed = [
        parameter.name
        for parameter in parameters
        if parameter.default is inspect.Parameter.empty
        and parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ]
    if len(needed) > 1:
        raise ImportRefused(f"{title} takes {len(needed)} inputs ({', '.join(needed)}), whose shapes it needs: {how}")
    for kind in _guesses(module):
        with as_it_was(module), torch.no_grad():
            try:
                module.eval()(*examples_of(module, (kind,)))
            except Exception:  # it does not take such rows; the next guess may be better
                continue
        return (kind,)
    raise ImportRefused(f"{title}: it cannot be told which inputs it takes: {how}")


def _guesses(module: nn.Module) -> list[TensorType]:
    """What the first layer that says so might take, the likeliest first."""
    for inner in module.modules():
        if isinstance(inner, nn.Linear):
            return [TensorType((inner.in_features,)), TensorType((_SEQUENCE, inner.in_features))]
        if isinstance(inner, nn.Conv2d):
            return [TensorType((inner.in_channels, size, size)) for size in _PICTURES]
        if isinstance(inner, nn.Conv1d):
            return [TensorType((inner.in_channels, size)) for size in _SERIES]
        if isinstance(inner, nn.Conv3d):
            return [TensorType((inner.in_channels, 16, size, size)) for size in (32, 64, 16)]
        if isinstance(inner, nn.Embedding):
            return [TensorType((size,), "int64") for size in (_SEQUENCE, 8, 1)]
        if isinstance(inner, nn.RNNBase):
            return [TensorType((_SEQUENCE, inner.input_size))]
    return []
