"""JSON as a project file holds it: strict, bounded, and without numbers that JSON does not have."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

_DEPTH = 64
_PIECE = 1 << 20


def parse(data: bytes, values: int = 1_000_000) -> Any:
    """The value that a JSON text stands for.

    Raises:
        ValueError: it is not valid JSON, is nested too deeply, holds more than this many values, names a setting twice,
            or holds a number or a text that no program can work with.
    """
    _measure(data, values)
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once)
        if re.search(rb"\\u[dD][89a-fA-F]", data):  # half of a character from beyond the first 65,536
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is not valid JSON ({error})") from None
    return value


def dump(value: Any, indent: int | None = 1) -> bytes:
    """The JSON text of a value: the same for equal values."""

    def text(value: Any) -> str:
        separators = None if indent else (",", ":")
        return json.dumps(value, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False)

    try:
        found = text(value)
    except ValueError:  # seldom, and to look for it beforehand takes longer than to write
        found = text(finite(value))
    return (found + "\n").encode("utf-8", "replace")  # half a character, left over from typing, must not stop a save


def finite(value: Any) -> Any:
    """The same JSON value with null in place of what JSON has no number for (not-a-number, infinity)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


def _measure(data: bytes, limit: int) -> None:
    """Refuse a text that is nested too deeply or holds too much, before memory is spent on it.

    It is read in pieces, and by numpy: a text made of brackets alone takes no longer than another.
    """
    text = data.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in data else data  # what is left opens or closes
    depth = values = 0
    inside = False
    for start in range(0, len(text), _PIECE):
        piece = np.frombuffer(text, np.uint8, count=min(_PIECE, len(text) - start), offset=start)
        within = np.logical_xor.accumulate(piece == ord('"'))
        within ^= inside
        inside = bool(within[-1])
        opening = ((piece == ord("[")) | (piece == ord("{"))) & ~within
        closing = ((piece == ord("]")) | (piece == ord("}"))) & ~within
        depths = depth + np.cumsum(opening.astype(np.int8) - closing.astype(np.int8), dtype=np.int64)
        values += int(np.count_nonzero(opening)) + int(np.count_nonzero((piece == ord(",")) & ~within))
        if depths.max() > _DEPTH:
            raise ValueError("it is nested too deeply")
        if values > limit:
            raise ValueError(f"it holds more than {limit:,} values")
        depth = int(depths[-1])


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("something is named twice in one object")
    return found
