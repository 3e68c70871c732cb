"""The text of a script that does whole stretches of training, and what it is called with.

Torch runs such a script without Python, and without Python's lock: while it runs, the window is as free as if nothing
trained.
"""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from nnstudio.engine.capture.trace import NotCaptured

# What one function may hold of tensors: more than enough for a network of some hundred layers.
MOST_TENSORS = 20_000


@dataclass
class Function:
    """One function of the script: its lists of tensors are unpacked at the top.

    Attributes:
        body: statements. lists: lists of tensors by name, passed as they are. whole: those that are unpacked into
            t0, t1, … numbers: names and kinds of plain arguments.
    """

    name: str
    body: list[str] = field(default_factory=list)
    lists: dict[str, list[Tensor]] = field(default_factory=dict)
    fixed: list[Tensor] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)

    @property
    def used(self) -> list[Tensor]:
        """The tensors of `fixed` that the body names, in order."""
        return [self.fixed[number] for number in self._numbers()]

    def text(self) -> str:
        """The function as a script has it."""
        arguments = ["fixed: List[Tensor]"] + [f"{name}: List[Tensor]" for name in self.lists]
        arguments += [f"{name}: {kind}" for name, kind in self.numbers.items()]
        lines = [f"def {self.name}({', '.join(arguments)}) -> int:"]
        names = [f"t{number}" for number in self._numbers()]
        if names:
            lines.append(f"    {', '.join(names)}{',' * (len(names) == 1)} = fixed")
        lines.append(textwrap.indent("\n".join(self.body), "    "))
        lines.append("    return 0")
        return "\n".join(lines) + "\n"

    def _numbers(self) -> list[int]:
        return sorted({int(found) for line in self.body for found in re.findall(r"\bt(\d+)\b", line)})

    def arguments(self) -> list[Any]:
        """The lists that the function is called with, before the numbers."""
        return [self.used, *self.lists.values()]


def compiled(functions: Sequence[Function]) -> dict[str, Callable[..., Any]]:
    """The functions, ready to be called with their numbers.

    Raises:
        NotCaptured: torch does not take the script.
    """
    if sum(len(function.fixed) for function in functions) > MOST_TENSORS:
        raise NotCaptured("its step has too many kernels")
    text = "\n".join(function.text() for function in functions)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            unit = torch.jit.CompilationUnit(text)
            made = {function.name: unit.find_function(function.name) for function in functions}
    except Exception as error:
        words = str(error).strip().split("\n")[0][:200]
        raise NotCaptured(f"torch does not take its script: {words}") from error
    return {function.name: _bound(made[function.name], function.arguments()) for function in functions}


def _bound(function: Callable[..., Any], given: list[Any]) -> Callable[..., Any]:
    def call(*numbers: float) -> Any:
        with torch.inference_mode():  # about a sixth less for each kernel: nothing is noted down for gradients
            return function(*given, *numbers)

    return call
