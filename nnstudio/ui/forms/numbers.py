"""Numbers as people write them: text to value and back, the same in every locale.

A value is never read from what a widget shows in its locale. These functions are the only way between text and
number, and `float(short(value)) == value` holds for every finite number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_POWER = re.compile(r"[+-]?\d+[eE]\+?\d{1,2}", re.ASCII)
_SIGNS = str.maketrans({"−": "-", "٫": ".", "\u00a0": None, "\u202f": None, " ": None, "×": "x"})


def short(value: float | int | Sequence[int] | None) -> str:
    """The shortest text that reads back as the same value: 0.0001, 1e-8, 16, "3 × 5" for a pair."""
    if value is None:
        return ""
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    if isinstance(value, int):
        return str(value)
    text = repr(float(value))  # type: ignore[arg-type]
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def pair_text(value: int | tuple[int, int] | None) -> str:
    """A size for both axes, or one for each: "3" or "3 × 5"."""
    return " × ".join(map(str, value)) if isinstance(value, tuple) else short(value)


def read_number(text: str) -> float:
    """The number in a text; a comma counts as the decimal sign where it cannot mean thousands.

    Raises:
        ValueError: one sentence.
    """
    plain = _plain(text)
    if plain.count(",") == 1 and "." not in plain:
        whole, _, rest = plain.partition(",")
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}", whole, re.ASCII) and re.fullmatch(r"\d{3}", rest, re.ASCII):
            raise ValueError(f"{text.strip()} can be read in two ways. Write {whole}{rest} or {whole}.{rest}.")
        plain = f"{whole or '0'}.{rest}"
    if not _NUMBER.fullmatch(plain):
        raise ValueError(f"Needs a number, such as 0.1 or 1e-4, but got {_shown(text)}.")
    number = float(plain)
    if not math.isfinite(number):
        raise ValueError(f"Needs a number that is not too large, but got {_shown(text)}.")
    return number


def read_whole(text: str) -> int:
    """The whole number in a text. Raises ValueError with one sentence."""
    plain = _plain(text)
    if _WHOLE.fullmatch(plain) and len(plain) < 40:
        return int(plain)
    if _POWER.fullmatch(plain):
        base, _, power = plain.lower().partition("e")
        return int(base) * 10 ** int(power)
    raise ValueError(f"Needs a whole number, but got {_shown(text)}.")


def read_wholes(text: str) -> tuple[int, ...]:
    """Whole numbers, apart by commas, spaces or ×: "8, 8". Raises ValueError with one sentence."""
    parts = [part for part in re.split(r"[,;x×*\s]+", text.strip().strip("()[]").strip()) if part]
    try:
        return tuple(read_whole(part) for part in parts)
    except ValueError:
        raise ValueError(f"Needs whole numbers with commas between, such as 8, 8, but got {_shown(text)}.") from None


def read_pair(text: str) -> int | tuple[int, ...]:
    """One whole number for both axes, or two: "3" or "3 × 5". Raises ValueError with one sentence."""
    try:
        numbers = read_wholes(text)
    except ValueError:
        numbers = ()
    if len(numbers) not in (1, 2):
        raise ValueError(f"Needs one size for both axes or two, such as 3 or 3 × 5, but got {_shown(text)}.")
    return numbers[0] if len(numbers) == 1 else numbers


def _plain(text: str) -> str:
    """ASCII digits and signs, without spaces between."""
    digits = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text.strip())
    return digits.translate(_SIGNS)


def _shown(text: str) -> str:
    return f"“{text.strip()[:30]}”" if text.strip() else "nothing"
