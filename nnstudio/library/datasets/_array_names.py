"""Which arrays of an NPZ file are inputs and which are targets, as far as their names tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

_INPUTS = ("x", "inputs", "input", "data", "images", "image", "features", "samples")
_TARGETS = ("y", "targets", "target", "labels", "label", "classes", "class")
PART_NAMES = {
    "train": 0,
    "training": 0,
    "val": 1,
    "valid": 1,
    "validation": 1,
    "test": 2,
    "testing": 2,
}
_WORDS = "|".join(PART_NAMES)
_PATTERN = re.compile(rf"(?:({_WORDS})_)?([a-z]+)(?:_({_WORDS}))?")

# The part (None for an array that is not divided), the inputs and the targets ("" where there are none).
Pair = tuple[int | None, str, str]


def guessed(names: Sequence[str]) -> list[Pair]:
    """The inputs and targets for each part; empty when the names do not tell.

    `x` and `y`, or `x_train`, `y_train`, `x_test` and `y_test`, or `train_images`, `train_labels`, `val_images` …
    """
    found: dict[tuple[int | None, bool], tuple[int, str]] = {}
    for name in names:
        match = _PATTERN.fullmatch(name.lower())
        if match is None or (match[1] and match[3]):
            continue
        part = PART_NAMES.get(match[1] or match[3] or "")
        for bases, is_input in ((_INPUTS, True), (_TARGETS, False)):
            if match[2] in bases:
                rank = bases.index(match[2])
                found[part, is_input] = min(found.get((part, is_input), (rank, name)), (rank, name))
    parts: tuple[int | None, ...] = (None,) if (None, True) in found and (None, False) in found else (0, 1, 2)
    pairs = [(part, found[part, True][1], found[part, False][1]) for part in parts if _both(found, part)]
    return pairs if pairs and pairs[0][0] in (None, 0) else []


def _both(found: dict[tuple[int | None, bool], tuple[int, str]], part: int | None) -> bool:
    return (part, True) in found and (part, False) in found


def partner(names: Sequence[str], given: str, wanted_inputs: bool) -> str:
    """The array of inputs, or of targets, that goes with the given one; empty when the names do not tell."""
    part, bases = _part(given), _INPUTS if wanted_inputs else _TARGETS
    others = [name for name in names if name != given]
    for other in others:
        match = _PATTERN.fullmatch(other.lower())
        if match and match[2] in bases and _part(other) == part:
            return other
    return others[0] if len(others) == 1 else ""


def _part(name: str) -> int | None:
    match = _PATTERN.fullmatch(name.lower())
    return PART_NAMES.get(match[1] or match[3] or "") if match else None
