"""Several texts, such as the names of columns, as one line."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",]*?))\s*(,|$)')


def texts_text(texts: Iterable[str] | None) -> str:
    """The line for some texts: commas between them, quotation marks around one that holds a comma or such marks."""
    shown = []
    for text in texts or ():
        plain = text and text == text.strip() and not set(text) & set(',"\n\r')
        doubled = text.replace('"', '""')
        shown.append(text if plain else f'"{doubled}"')
    return ", ".join(shown)


def read_texts(line: str) -> tuple[str, ...]:
    """The texts in a line that is typed.

    Raises:
        ValueError: a quotation mark is not closed.
    """
    found: list[str] = []
    place = 0
    while line.strip():
        item = _ITEM.match(line, place)
        if item is None:
            raise ValueError('Needs texts with commas between, and each " closed again.')
        quoted, plain, end = item.groups()
        found.append(plain if quoted is None else quoted.replace('""', '"'))
        place = item.end()
        if not end:
            break
    return tuple(found)
