"""Program: what a network computes, as a list of steps. Every importer makes one, and `assemble` draws it.

A value is a number that stands for one tensor; each is made by one step or is an input of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer


@dataclass(frozen=True)
class Scope:
    """One call of a module that is made of others.

    Attributes:
        call: a number that no other call has.
        kind: the name of its class, which the block takes on.
        name: its name in the module that calls it: "attention", or "h.0" for an entry of a list; may be empty.
        module: the full name of the module: two calls of one module share its weights.
        arguments: what its forward was called with: (name of the parameter, value).
    """

    call: int
    kind: str
    name: str = ""
    module: str = ""
    arguments: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Step:
    """One node of the drawing to be.

    Attributes:
        layer: what it does.
        inputs: a value for each input port; None where an optional one is left open.
        outputs: a value for each output port.
        path: the calls it lies in, the outermost first.
        name: its name in the module that it lies in; for an operation what it is to be called, or empty.
        module: the full name of the module, or of the parameter, that holds its weights: steps with the same one share
            them. Empty where it has none.
        weights: the arrays of its state by name ("weight"; "" where it is a parameter itself).
        parameters: for those that are learned, the full name by which the original knows the tensor: the same name in
            two modules is one tensor.
        frozen: whether its weights are never learned.
    """

    layer: Layer
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    path: tuple[Scope, ...] = ()
    name: str = ""
    module: str = ""
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    frozen: bool = False


@dataclass(frozen=True)
class End:
    """An input or an output of the whole: its name, its value and the type of its rows."""

    name: str
    value: int
    type: TensorType


@dataclass(frozen=True)
class Program:
    """The steps in the order of computation, between inputs and outputs."""

    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    steps: tuple[Step, ...]
    title: str = ""


class ImportRefused(ValueError):
    """What was to be imported cannot be: one sentence that says where and why."""


def fits_not(error: BaseException) -> bool:
    """Whether an error says that there is not enough memory."""
    return isinstance(error, MemoryError) or "allocate memory" in str(error)


def words(name: str) -> str:
    """A name for the class of a list or a sequence of modules: "down_blocks" becomes "DownBlocks"."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_")) or "Block"
