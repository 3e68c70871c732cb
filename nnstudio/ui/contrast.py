"""Contrast: whether words can be read on what is behind them."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor

from nnstudio.ui.theme import Theme

READABLE = 4.5  # the contrast that text has with what is behind it, at least


def contrast(one: QColor, other: QColor) -> float:
    """How well two colours are told apart, from 1 to 21, as WCAG counts it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(color: QColor, theme: Theme) -> QColor:
    """The colour of a curve as words have it: nearer to that of text until it can be read on the window."""
    text, found = theme.color("text"), QColor(color)
    for share in np.linspace(0.0, 1.0, 21).tolist():
        pairs = ((color.redF(), text.redF()), (color.greenF(), text.greenF()), (color.blueF(), text.blueF()))
        red, green, blue = ((1 - share) * own + share * other for own, other in pairs)
        found = QColor.fromRgbF(red, green, blue, color.alphaF())
        if contrast(found, theme.color("window")) >= READABLE:
            break
    return found


def _luminance(color: QColor) -> float:
    parts = np.array([color.redF(), color.greenF(), color.blueF()])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
