"""Layers that hold a tensor themselves, and no module: what they hold is an attribute of the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.kinds import Layer, Shape

FILLS = ("zeros", "ones", "constant", "normal", "uniform")


class Holding(Layer, abstract=True):
    """Its `build` gives an nn.Parameter, or a tensor that is not learned; `source` writes that down."""

    def source(self, *shapes: Shape) -> str:
        """The Python expression of what `build` makes, for a script that imports torch and nn."""
        raise NotImplementedError


def drawn(shape: Shape, fill: str, scale: float) -> torch.Tensor:
    """A tensor as it is before training."""
    if fill == "zeros":
        return torch.zeros(shape)
    if fill == "ones":
        return torch.ones(shape)
    if fill == "constant":
        return torch.full(shape, scale)
    if fill == "normal":
        return torch.empty(shape).normal_(std=scale)
    return torch.empty(shape).uniform_(-scale, scale)


def drawn_source(shape: Shape, fill: str, scale: float) -> str:
    """The expression for `drawn`."""
    if fill in ("zeros", "ones"):
        return f"torch.{fill}({sizes(shape)})"
    if fill == "constant":
        return f"torch.full({shape!r}, {scale!r})"
    return f"torch.empty({sizes(shape)})." + (
        f"normal_(std={scale!r})" if fill == "normal" else f"uniform_({-scale!r}, {scale!r})"
    )


def sizes(shape: Iterable[Any]) -> str:
    """The sizes of a tensor as arguments: `2, 3`."""
    return ", ".join(map(str, shape)) or "()"
