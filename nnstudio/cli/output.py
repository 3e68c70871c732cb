"""What a command prints: lines that are out at once, and JSON that every reader takes."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from nnstudio.cli.refusal import ReaderGone
from nnstudio.core.json_text import finite

_muted = False


def mute(quiet: bool) -> None:
    """Whether this process says nothing: another one speaks for it."""
    global _muted
    _muted = quiet


def is_muted() -> bool:
    """Whether this process says nothing."""
    return _muted


def say(line: str = "") -> None:
    """Print one line on standard output, now. Raises ReaderGone when nobody reads it any more."""
    if _muted:
        return
    try:
        print(line, flush=True)
    except OSError as error:  # Windows reports a closed pipe as an invalid argument
        if isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL:
            raise ReaderGone from None
        raise


def say_json(record: Mapping[str, Any]) -> None:
    """Print one object on one line; what is not a number becomes null."""
    say(json.dumps(finite(record), allow_nan=False))  # ASCII, so that no terminal's encoding can spoil it


def complain(sentence: str) -> None:
    """Print one sentence on standard error, on one line."""
    if _muted:
        return
    with suppress(OSError):
        print(f"nnstudio: {' '.join(sentence.split())}", file=sys.stderr, flush=True)


def silence() -> None:
    """Send what a closed standard output still holds nowhere, so that Python does not complain when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def table(rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = ()) -> list[str]:
    """Rows of equal length as aligned lines; the columns named in `right` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def figures(record: Mapping[str, float]) -> str:
    """`loss 0.0612  accuracy 0.9820`."""
    return "  ".join(f"{name} {value:.4f}" for name, value in record.items())
