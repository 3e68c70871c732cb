"""Lettering: the fonts of the canvas, and plain text that fits its place."""

from __future__ import annotations

import re
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication

NAME = (13, True)
SUMMARY = (12, False)
SMALL = (11, False)

Style = tuple[int, bool]


def font(style: Style) -> QFont:
    """The font of the program in a size of pixels, bold or not."""
    return _font(QGuiApplication.font().family(), *style)


def metrics(style: Style) -> QFontMetricsF:
    return _metrics(QGuiApplication.font().family(), *style)


def elided(text: str, style: Style, width: float) -> str:
    """The text on one line, cut with an ellipsis where it is too long."""
    return metrics(style).elidedText(" ".join(text.split()), Qt.TextElideMode.ElideRight, max(0.0, width))


def wrapped(text: str, style: Style, width: float, most: int) -> list[str]:
    """The text on several lines; the last one is cut where there would be more than `most`."""
    measure = metrics(style).horizontalAdvance
    words = text.split()
    lines: list[str] = []
    while words:
        if len(lines) == most - 1:
            lines.append(elided(" ".join(words), style, width))
            break
        line = words.pop(0)
        while words and measure(f"{line} {words[0]}") <= width:
            line = f"{line} {words.pop(0)}"
        lines.append(elided(line, style, width))
    return lines


def broken(text: str, style: Style, width: float, most: int) -> list[str]:
    """A name on several lines: it is broken where a word begins, also within `BatchNorm2d`; cut where that is too long.

    Where it fits on one line it stays on it.
    """
    measure = metrics(style).horizontalAdvance
    if measure(text) <= width:
        return [text]
    lines: list[str] = []
    for part in re.findall(r"\s*(?:[^\sA-Z]+|[A-Z]+(?![a-z])[^\sA-Z]*|[A-Z][^\sA-Z]*)", text):
        if lines and measure(lines[-1] + part) <= width:
            lines[-1] += part
        else:
            lines.append(part.strip())
    if len(lines) > most:
        lines[most - 1 :] = [" ".join(lines[most - 1 :])]
    return [elided(line, style, width) for line in lines]


@lru_cache(maxsize=64)
def _font(family: str, size: int, bold: bool) -> QFont:
    made = QFont(family)
    made.setPixelSize(size)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


@lru_cache(maxsize=64)
def _metrics(family: str, size: int, bold: bool) -> QFontMetricsF:
    return QFontMetricsF(_font(family, size, bold))
