"""Python expressions as a person would type them: plain values, names of torch, calls without needless arguments."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn, optim

# Where a thing of torch is looked for, and how the place is written.
_PLACES = (("nn", nn), ("torch.optim", optim), ("torch.optim.lr_scheduler", optim.lr_scheduler), ("torch", torch))
_PLACES_OF_FUNCTIONS = (("torch", torch), ("nn.functional", nn.functional), ("math", math))


@dataclass(frozen=True)
class Name:
    """A variable where a value could stand."""

    text: str


class Inexpressible(ValueError):
    """A value for which no source can be written."""


def literal(value: Any) -> str:
    """The source of a plain value. Texts are quoted by Python itself, so that nothing in them is ever code."""
    if isinstance(value, Name):
        return value.text
    if isinstance(value, torch.Size):
        value = tuple(value)
    if value is None or isinstance(value, (bool, int, str)):
        return text(value) if isinstance(value, str) else repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, torch.dtype):
        return str(value)
    raise Inexpressible(f"a value of type {type(value).__name__}")


def text(value: str) -> str:
    """A text in double quotes where that needs no escapes."""
    quoted = repr(value)
    return f'"{quoted[1:-1]}"' if quoted[0] == "'" and '"' not in quoted and "\\'" not in quoted else quoted


def path_of(thing: Any) -> str | None:
    """How a class or function of torch is called in a script that imports torch and nn; None for other things."""
    name = getattr(thing, "__name__", "")
    places = _PLACES if inspect.isclass(thing) else _PLACES_OF_FUNCTIONS
    for path, place in places:
        if name and getattr(place, name, None) is thing:
            return f"{path}.{name}"
    return None


def call(path: str, function: Callable[..., Any], arguments: Mapping[str, Any], *, first: tuple[str, ...] = ()) -> str:
    """The source of a call: what must be given by position, the rest by name, and defaults left out.

    `first` is source for arguments before these. A learning rate is written even when it is the default.
    """
    parameters = list(inspect.signature(function).parameters.values())[len(first) :]
    parts = list(first)
    leading = True
    for parameter in parameters:
        if parameter.name not in arguments:
            leading = False
            continue
        value = arguments[parameter.name]
        if parameter.default is inspect.Parameter.empty and leading and parameter.kind is not parameter.KEYWORD_ONLY:
            parts.append(literal(value))
            continue
        leading = False
        if parameter.name == "lr" or not _same(value, parameter.default):
            parts.append(f"{parameter.name}={literal(value)}")
    known = {parameter.name for parameter in parameters}
    parts.extend(f"{name}={literal(value)}" for name, value in arguments.items() if name not in known)
    return f"{path}({', '.join(parts)})"


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, Name):
        return False
    return isinstance(value, bool) == isinstance(default, bool) and bool(value == default)
