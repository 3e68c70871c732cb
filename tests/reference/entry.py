"""What is said about each reference architecture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Example:
    """One input of a network: its shape without the batch axis, and what numbers are in it."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    high: int = 0  # whole numbers are drawn from 0 to high - 1

    def tensor(self, batch: int, generator: torch.Generator) -> Tensor:
        """Random values of this kind, `batch` rows of them."""
        size = (batch, *self.shape)
        if self.dtype == "int64":
            return torch.randint(self.high, size, generator=generator)
        return torch.randn(size, generator=generator)


def tokens(length: int, high: int) -> Example:
    """A sequence of word numbers."""
    return Example((length,), "int64", high)


@dataclass(frozen=True)
class Reference:
    """One architecture, written by hand as its authors would write it.

    Attributes:
        name: a word that no other has.
        make: the network in full size, as published.
        inputs: what it takes.
        parameters: how many it has, counted by a formula, by its authors, or once and for all.
        source: the paper, in one line.
        sentence: what it is, for a person.
        published: the number of parameters that others give for it, where there is one.
        small: the same class, cheap to run; `make` itself where the full size is cheap.
        small_inputs: what that one takes; `inputs` where they are the same.
        unreached: parameters of the small one that no output depends on.
    """

    name: str
    title: str
    family: str
    make: Callable[[], nn.Module]
    inputs: tuple[Example, ...]
    parameters: int
    source: str
    sentence: str
    published: int | None = None
    small: Callable[[], nn.Module] | None = None
    small_inputs: tuple[Example, ...] | None = None
    unreached: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "small", self.small or self.make)
        object.__setattr__(self, "small_inputs", self.small_inputs or self.inputs)
