"""Line breaks: a statement that is too long for a line, over several, as formatters do it."""

from __future__ import annotations

import textwrap

WIDTH = 100
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def broken(line: str, width: int = WIDTH) -> list[str]:
    """The line, or several: what is in its outermost brackets in lines of its own, and so on inside."""
    if len(line) <= width:
        return [line]
    found = _outermost(line)
    if found is None:
        return [line]
    first, last = found
    indent = line[: len(line) - len(line.lstrip())]
    parts = _parts(line[first + 1 : last])
    below = indent + "    "
    if len(parts) > 8 and all(_is_number(part) for part in parts):
        lines = textwrap.wrap(
            ", ".join(parts) + ",",
            width,
            initial_indent=below,
            subsequent_indent=below,
            break_long_words=False,
            break_on_hyphens=False,
        )
    else:
        # A comma behind one value alone would make a tuple of what is only in brackets, or of an index.
        called = first > 0 and (line[first - 1].isalnum() or line[first - 1] in "_])")
        tuple_of_one = line[first + 1 : last].rstrip().endswith(",")
        plain = not called if line[first] == "(" else called
        alone = len(parts) == 1 and not tuple_of_one and (" for " in parts[0] or plain)
        lines = [piece for part in parts for piece in broken(f"{below}{part}{'' if alone else ','}", width)]
    return [line[: first + 1], *lines, *broken(indent + line[last:], width)]


def _outermost(line: str) -> tuple[int, int] | None:
    """The longest pair of brackets that is in no other one."""
    best: tuple[int, int] | None = None
    place = 0
    while place < len(line):
        letter = line[place]
        if letter in "\"'":
            place = _after_text(line, place)
            continue
        if letter == "#":
            break
        if letter in _PAIRS:
            end = _matching(line, place)
            if end is None:
                return best
            if end - place > 1 and (best is None or end - place > best[1] - best[0]):
                best = place, end
            place = end
        place += 1
    return best


def _matching(line: str, place: int) -> int | None:
    depth = 0
    while place < len(line):
        letter = line[place]
        if letter in "\"'":
            place = _after_text(line, place)
            continue
        depth += (letter in _PAIRS) - (letter in _PAIRS.values())
        if depth == 0:
            return place
        place += 1
    return None


def _parts(inside: str) -> list[str]:
    """What stands between the commas that are in no bracket."""
    found, start, depth, place = [], 0, 0, 0
    while place < len(inside):
        letter = inside[place]
        if letter in "\"'":
            place = _after_text(inside, place)
            continue
        depth += (letter in _PAIRS) - (letter in _PAIRS.values())
        if letter == "," and depth == 0:
            found.append(inside[start:place].strip())
            start = place + 1
        place += 1
    return [part for part in [*found, inside[start:].strip()] if part]


def _after_text(line: str, place: int) -> int:
    """The place behind the text in quotes that begins here."""
    quote, place = line[place], place + 1
    while place < len(line) and line[place] != quote:
        place += 2 if line[place] == "\\" else 1
    return place + 1


def _is_number(part: str) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True
