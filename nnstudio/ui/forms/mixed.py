"""Settings that may be a number, several numbers, or one of some words, as one line of text."""

from __future__ import annotations

import re
import typing
from typing import Any

from nnstudio.core.spec import Setting
from nnstudio.ui.forms.numbers import read_number, read_whole, short

_BETWEEN = re.compile(r"[;x×*\s]+|,\s*")


def mixed_text(value: Any) -> str:
    """The text for a value: "3", "3 × 5", "0.5 × 0.25", "same"; nothing for none."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return (" × " if len(value) in (2, 3) else ", ").join(map(short, value))
    return short(value)


def read_mixed(setting: Setting, text: str) -> Any:
    """The value in a text that is typed for a setting.

    Raises:
        ValueError: one sentence on what is needed.
    """
    kinds = setting.alternatives
    words = text.strip()
    choices = setting.limits.choices or () if str in kinds else ()
    for choice in choices:
        if words.lower() == choice.lower():
            return choice
    tuples = [kind for kind in kinds if typing.get_origin(kind) is tuple]
    items = {item for kind in tuples for item in typing.get_args(kind)} | (kinds & {int, float})
    read = read_number if float in items else read_whole
    alone = bool(kinds & {int, float})
    parts = [part for part in _BETWEEN.split(words.strip("()[]").strip()) if part]
    try:
        numbers = tuple(read(part) for part in parts)
    except ValueError:
        raise ValueError(_needs(setting, alone, tuples, choices, words)) from None
    if alone and len(numbers) == 1:
        return numbers[0]
    for kind in tuples:
        wanted = typing.get_args(kind)
        if wanted[-1] is ... or len(wanted) == len(numbers):
            return numbers
    raise ValueError(_needs(setting, alone, tuples, choices, words))


def _needs(setting: Setting, alone: bool, tuples: list[Any], choices: typing.Sequence[str], words: str) -> str:
    wishes = ["a number"] if alone else []
    for kind in tuples:
        wanted = typing.get_args(kind)
        wishes.append("numbers with commas between" if wanted[-1] is ... else f"{len(wanted)} numbers such as 1 × 2")
    wishes += [f"“{choice}”" for choice in choices]
    got = f"“{words[:30]}”" if words else "nothing"
    return f"Needs {' or '.join(wishes)}, but got {got}."
