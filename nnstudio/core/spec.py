"""Spec: the declaration of a thing that a person can pick.

A Spec is a frozen dataclass whose fields are the settings, each with a type, limits and a sentence.
Declaring the class registers it under its kind and its name, and checks the declaration at once, so that a
wrong class fails when it is imported and not when it is clicked. The palette entry, the form, the defaults,
the file format, the checks, the tooltip and the contract tests all come from the declaration.

    class Dropout(Layer, category="Regularisation"):
        '''Sets random inputs to zero while training, so that no unit is relied on alone.'''

        p: float = field(0.5, "The probability that an input is set to zero.", minimum=0, maximum=1)

The types a field may have: `int`, `float`, `bool`, `str` (with `choices`, or free text), `tuple[str, ...]` (texts, such
as the names of columns), a tuple of whole or other numbers of any length (`tuple[int, ...]`) or of a fixed one, one
number or a tuple (`int | tuple[int, int]`: one size for both axes, or one for each), a number or a tuple `| str` with
`choices` (a padding of 1, or "same"), any of these `| None` (None: it follows from the data or from the wire), and a
kind of Spec (an Output holds its Loss).
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass
from functools import cache, cached_property
from typing import Any, ClassVar, Self, dataclass_transform


class SpecError(ValueError):
    """A setting has a value that it cannot have. `needed` and `got` are the parts of the sentence."""

    def __init__(self, setting: str, needed: str, got: str) -> None:
        self.setting, self.needed, self.got = setting, needed, got
        super().__init__(f"{setting} needs {needed}, but got {got}")


class UnknownSpec(ValueError):
    """No Spec of this kind has this name."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        super().__init__(f"there is no {kind} called {name[:80]!r} in this version of NN Studio")


_TEXTS = frozenset({tuple[str, ...]})
_LARGEST = 2**53  # larger whole numbers are not all the same in a float, nor in other programs that read JSON


@dataclass(frozen=True)
class Limits:
    """What is known of a setting beside its type and default."""

    sentence: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] | None = None
    unit: str = ""
    logarithmic: bool = False  # a form steps it by factors, not by differences
    above_minimum: bool = False  # the minimum itself is not allowed


@dataclass(frozen=True)
class Setting:
    """One field of a Spec, as forms, files and tests see it."""

    name: str
    type: Any
    default: Any
    limits: Limits

    @property
    def label(self) -> str:
        """The words for a form: `out_features` becomes "Out features"."""
        words = self.name.replace("_", " ")
        return words[:1].upper() + words[1:]

    @cached_property
    def optional(self) -> bool:
        """Whether None is allowed: the value then follows from the data or the wire."""
        return type(None) in typing.get_args(self.type)

    @cached_property
    def alternatives(self) -> frozenset[Any]:
        """The types that a value other than None may have."""
        one = typing.get_origin(self.type) not in (typing.Union, types.UnionType)
        return frozenset((self.type,) if one else typing.get_args(self.type)) - {type(None)}

    @cached_property
    def kind(self) -> type[Spec] | None:
        """The kind of Spec that this setting holds, if it holds one."""
        return self.type if inspect.isclass(self.type) and issubclass(self.type, Spec) else None

    def read(self, value: Any) -> Any:
        """The value in its proper type (a list from JSON becomes a tuple).

        Raises:
            SpecError: the value has another type, or lies outside the limits.
        """
        return _read(self, value)


def field(
    default: Any,
    sentence: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] | None = None,
    unit: str = "",
    logarithmic: bool = False,
    above_minimum: bool = False,
) -> Any:
    """Declare a setting: its default, one sentence on what it does to the result, and its limits."""
    limits = Limits(
        sentence,
        minimum,
        maximum,
        tuple(choices) if choices is not None else None,
        unit,
        logarithmic,
        above_minimum,
    )
    metadata = {"limits": limits}
    if isinstance(default, Spec):  # frozen, so one instance can serve all
        return dataclasses.field(default_factory=lambda: default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Spec:
    """The base of everything that can be picked. A direct subclass with `kind=` opens a new kind."""

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    reference: ClassVar[str] = ""
    _registry: ClassVar[dict[str, dict[str, type[Spec]]]] = {}

    def __init_subclass__(cls, *, kind: str = "", abstract: bool = False, **facts: Any) -> None:
        super().__init_subclass__()
        for name, fact in facts.items():
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__}: {cls.kind or 'a Spec'} declares no {name!r}")
            setattr(cls, name, fact)
        dataclass(frozen=True, kw_only=True)(cls)
        if kind:
            cls.kind = kind
            Spec._registry.setdefault(kind, {})
        elif not abstract:
            cls._register()

    @classmethod
    def _register(cls) -> None:
        if not cls.kind:
            raise TypeError(f"{cls.__name__} belongs to no kind")
        if not (cls.__doc__ or "").strip() or (cls.__doc__ or "").startswith(f"{cls.__name__}("):
            raise TypeError(f"{cls.__name__} needs a docstring: its first sentence is the tooltip")
        others = Spec._registry[cls.kind]
        if cls.__name__ in others and others[cls.__name__].__module__ != cls.__module__:
            raise TypeError(f"two kinds of {cls.kind} are called {cls.__name__}")
        if "title" not in cls.__dict__:
            cls.title = cls.__name__
        settings = cls.settings()
        for item in dataclasses.fields(cls):  # type: ignore[arg-type]
            if "limits" not in item.metadata:
                raise TypeError(f"{cls.__name__}.{item.name} must be declared with field()")
        for setting in settings:
            try:
                _check_declaration(setting)
            except (TypeError, ValueError) as error:
                raise TypeError(f"{cls.__name__}.{setting.name}: {error}") from None
        others[cls.__name__] = cls

    def __post_init__(self) -> None:
        for setting in self.settings():
            value = getattr(self, setting.name)
            proper = setting.read(value)
            if proper is not value:
                object.__setattr__(self, setting.name, proper)

    @classmethod
    @cache
    def settings(cls) -> tuple[Setting, ...]:
        """The settings in the order of their declaration."""
        hints = typing.get_type_hints(cls)
        found = []
        for item in dataclasses.fields(cls):  # type: ignore[arg-type]
            default = item.default if item.default is not MISSING else None
            if item.default_factory is not MISSING:
                default = item.default_factory()
            found.append(Setting(item.name, hints[item.name], default, item.metadata.get("limits", Limits(""))))
        return tuple(found)

    @classmethod
    def sentence(cls) -> str:
        """The first sentence of the docstring: the tooltip."""
        return " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())

    def with_(self, **changes: Any) -> Self:
        """The same Spec with some settings changed. Raises SpecError as the constructor does."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


def registered(kind: type[Spec]) -> dict[str, type[Any]]:
    """All Specs of a kind by name, in alphabetical order."""
    return dict(sorted(Spec._registry[kind.kind].items()))


def to_json(spec: Spec) -> dict[str, Any]:
    """`{"name": …, "settings": {…}}`: what a project file holds of a Spec."""
    settings: dict[str, Any] = {}
    for setting in spec.settings():
        value = getattr(spec, setting.name)
        if isinstance(value, Spec):
            value = to_json(value)
        elif isinstance(value, tuple):
            value = list(value)
        settings[setting.name] = value
    return {"name": type(spec).__name__, "settings": settings}


def from_json(kind: type[Spec], written: Any) -> Any:
    """The Spec that `to_json` wrote. Settings that are absent take their defaults.

    Raises:
        UnknownSpec: no Spec of this kind has that name.
        SpecError: a setting is unknown or has an impossible value.
    """
    if not isinstance(written, Mapping) or not isinstance(written.get("name"), str):
        raise SpecError(kind.kind, 'an object with a "name"', describe(written))
    found = Spec._registry[kind.kind].get(written["name"])
    if found is None:
        raise UnknownSpec(kind.kind, written["name"])
    settings = written.get("settings", {})
    if not isinstance(settings, Mapping):
        raise SpecError("settings", "an object", describe(settings))
    known = {setting.name for setting in found.settings()}
    for name in settings:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "no settings"
            raise SpecError("settings", f"only {allowed}", f"the unknown setting {str(name)[:40]!r}")
    return found(**settings)


def describe(value: Any) -> str:
    """A value as an error sentence names it: short, and with its type where that is what is wrong."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, (int, float)):
        return f"{value}"[:40]
    if isinstance(value, (list, tuple)):
        return f"the list {list(value[:20])!r}"[:60]
    if isinstance(value, Spec):
        return type(value).__name__
    return f"a value of type {type(value).__name__}"


def _tuples(kinds: frozenset[Any]) -> list[Any]:
    return [kind for kind in kinds if typing.get_origin(kind) is tuple]


def _is_allowed(kinds: frozenset[Any], choices: Sequence[str] | None) -> bool:
    """Whether a setting may be of these types: see the head of this file."""
    if kinds in (frozenset({bool}), frozenset({str})) or kinds == _TEXTS:
        return True
    tuples, scalars = _tuples(kinds), kinds & {int, float}
    items = {item for kind in tuples for item in typing.get_args(kind)} - {...}
    if kinds - scalars - set(tuples) - {str} or len(tuples) > 1 or len(scalars) > 1 or not (tuples or scalars):
        return False
    return (str not in kinds or choices is not None) and len(items | scalars) == 1 and items <= {int, float}


def _check_declaration(setting: Setting) -> None:
    """Raises TypeError or ValueError with what is wrong; the name of the setting is put before it."""
    limits = setting.limits
    kinds = setting.alternatives
    numbers = bool(kinds & {int, float} or (_tuples(kinds) and kinds != _TEXTS))
    if setting.kind is None and not _is_allowed(kinds, limits.choices):
        raise TypeError(f"a setting cannot have the type {setting.type}")
    if not limits.sentence.strip():
        raise TypeError("it needs a sentence")
    if limits.choices is not None and (
        not (str in kinds or kinds == _TEXTS) or len(set(limits.choices)) < max(1, len(limits.choices))
    ):
        raise TypeError("choices are different texts, for a text")
    if not numbers and (limits.minimum is not None or limits.maximum is not None or limits.logarithmic):
        raise TypeError("limits are for numbers")
    if limits.minimum is not None and limits.maximum is not None and limits.minimum > limits.maximum:
        raise TypeError("its minimum is above its maximum")
    if limits.above_minimum and limits.minimum is None:
        raise TypeError("there is no minimum for it to be above")
    if setting.read(setting.default) != setting.default or (setting.default is None and not setting.optional):
        raise TypeError(f"the default {setting.default!r} is not of its type")


def _read(setting: Setting, value: Any) -> Any:
    if value is None and setting.optional:
        return None
    if setting.kind is not None:
        return value if isinstance(value, setting.kind) else from_json(setting.kind, value)
    kinds, limits = setting.alternatives, setting.limits
    if kinds == {bool}:
        if isinstance(value, bool):
            return value
        raise SpecError(setting.name, "yes or no (true or false)", describe(value))
    if kinds == {str} or (str in kinds and isinstance(value, str)):
        if not isinstance(value, str):
            raise SpecError(setting.name, "a text", describe(value))
        if limits.choices is not None and value not in limits.choices:
            words = f"one of {', '.join(limits.choices)}"
            raise SpecError(setting.name, words if kinds == {str} else f"numbers or {words}", describe(value))
        return value
    if kinds == _TEXTS:
        return _texts(setting, value)
    tuples = _tuples(kinds)
    if tuples and (isinstance(value, (tuple, list)) or not kinds & {int, float}):
        return _numbers(setting, value, typing.get_args(tuples[0]))
    return _number(setting, value, next(iter(kinds & {int, float})))


def _texts(setting: Setting, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (tuple, list)) or not all(isinstance(item, str) for item in value):
        raise SpecError(setting.name, "a list of texts", describe(value))
    wrong = [item for item in value if setting.limits.choices is not None and item not in setting.limits.choices]
    if wrong:
        raise SpecError(setting.name, f"texts out of {', '.join(setting.limits.choices or ())}", describe(wrong[0]))
    return tuple(value)


def _numbers(setting: Setting, value: Any, items: tuple[Any, ...]) -> tuple[float, ...]:
    length = None if items[-1] is ... else len(items)
    kind = "whole numbers" if items[0] is int else "numbers"
    words = kind if length is None else f"{length} {kind}"
    if not isinstance(value, (tuple, list)) or (length is not None and len(value) != length):
        raise SpecError(setting.name, _needed(words, setting.limits), describe(value))
    return tuple(_number(setting, item, items[0]) for item in value)


def _number(setting: Setting, value: Any, kind: type) -> float:
    if kind is int:
        return _whole(setting, value)
    # No infinity, no not-a-number, and no whole number that a float cannot hold.
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        _inside(setting, value)
        return float(value)
    raise SpecError(setting.name, _needed("a number", setting.limits), describe(value))


def _whole(setting: Setting, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SpecError(setting.name, _needed("a whole number", setting.limits), describe(value))
    _inside(setting, value)
    if abs(value) > _LARGEST:
        raise SpecError(setting.name, f"a whole number of at most {_LARGEST:,}", describe(value))
    return value


def _inside(setting: Setting, value: float) -> None:
    low, high = setting.limits.minimum, setting.limits.maximum
    too_low = low is not None and (value <= low if setting.limits.above_minimum else value < low)
    if too_low or (high is not None and value > high):
        kind = "a whole number" if isinstance(value, int) and setting.type is not float else "a number"
        raise SpecError(setting.name, _needed(kind, setting.limits), describe(value))


def _needed(words: str, limits: Limits) -> str:
    low, high = limits.minimum, limits.maximum
    above = "above" if limits.above_minimum else "of at least"
    if low is not None and high is not None:
        if limits.above_minimum:
            return f"{words} above {low:.10g} and at most {high:.10g}"
        return f"{words} from {low:.10g} to {high:.10g}"
    if low is not None:
        return f"{words} {above} {low:.10g}"
    if high is not None:
        return f"{words} of at most {high:.10g}"
    return words
