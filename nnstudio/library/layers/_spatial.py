"""What layers for lines, images and volumes have in common: one, two or three axes after the channels.

A family is declared once, with settings that hold one number for all axes or one for each; its members only say how
many axes they have:

    class Conv2d(Convolution, dimensions=2, torch_class=nn.Conv2d):
        '''Slides small filters over the image: each finds its pattern wherever it is.'''
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape

PerAxis = int | tuple[int, ...]  # in a member of the family the tuple has as many numbers as there are axes
ScalePerAxis = float | tuple[float, ...]

_EXAMPLE = (4, 9, 8, 7)


class Spatial(Layer, abstract=True):
    """Works on [B, C, L], [B, C, H, W] or [B, C, D, H, W]: `dimensions` is the number of axes after the channels."""

    dimensions: ClassVar[int] = 0
    numbers: ClassVar[int] = 1  # how many numbers a setting has for each axis: 2 where each side has its own

    def __init_subclass__(cls, *, dimensions: int = 0, **facts: Any) -> None:
        if dimensions:
            cls.dimensions = dimensions
            facts.setdefault("reference", f"torch.nn.{cls.__name__}")
            facts.setdefault("example", (TensorType(_EXAMPLE[: dimensions + 1]),))
            _fix_lengths(cls, dimensions * cls.numbers)
        super().__init_subclass__(**facts)

    def each(self, value: Any) -> tuple[Any, ...]:
        """One number for each axis."""
        return value if isinstance(value, tuple) else (value,) * (self.dimensions * self.numbers)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    @classmethod
    def from_module(cls, module: Any) -> Self:
        found = super().from_module(module)
        values = {setting.name: getattr(found, setting.name) for setting in cls.settings()}
        same = {name: value[0] for name, value in values.items() if isinstance(value, tuple) and len(set(value)) == 1}
        return found.with_(**same)


def _fix_lengths(cls: type[Any], length: int) -> None:
    """Settings that the family declares for any number of axes get the length that this member has."""
    inherited = cls.__dataclass_fields__
    own = inspect.get_annotations(cls)
    for name, hint in typing.get_type_hints(cls).items():
        if name not in inherited or typing.get_origin(hint) is ClassVar:
            continue
        fixed = _of_length(hint, length)
        if fixed != hint:
            own[name] = fixed
            if name not in cls.__dict__:
                item = inherited[name]
                setattr(cls, name, dataclasses.field(default=item.default, metadata=item.metadata))
    cls.__annotations__ = own


def _of_length(hint: Any, length: int) -> Any:
    """`int | tuple[int, ...] | str` as `int | tuple[int, int] | str`; one number alone needs no tuple."""
    parts: list[Any] = []
    for part in typing.get_args(hint):
        if typing.get_origin(part) is not tuple:
            parts.append(part)
        elif length > 1:
            parts.append(tuple[(typing.get_args(part)[0],) * length])  # type: ignore[misc]
    return functools.reduce(operator.or_, parts) if parts else hint
