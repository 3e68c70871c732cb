"""How numbers are written beside a plot."""

from __future__ import annotations

import math


def figure(value: float, *, percent: bool = False) -> str:
    """Three digits that matter: 0.0612, 98.2 %, 1.2e-05; in words when it is no number."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if percent:
        return f"{100 * value:.1f} %"
    if value and not 1e-4 <= abs(value) < 1e5:
        return _short(f"{value:.2e}")
    return f"{value:.3g}".replace("-", "−") if abs(value) < 1000 else f"{value:,.0f}".replace("-", "−")


def tick(value: float, spacing: float) -> str:
    """A number on an axis whose marks are this far apart."""
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or abs(value) < 1e-4:
        return _short(f"{value:.3g}" if "e" in f"{value:.3g}" else f"{value:.0e}")
    places = max(0, math.ceil(-math.log10(spacing) - 1e-9)) if spacing > 0 else 3
    return f"{value:,.{min(places, 8)}f}".replace("-", "−")


def power(exponent: float) -> str:
    """A mark on a logarithmic axis: 10 to this power."""
    value = 10.0**exponent if abs(exponent) < 300 else 0.0
    return f"{value:g}" if -3 <= exponent < 4 else _short(f"{value:.0e}")


def _short(text: str) -> str:
    """1.20e-05 as 1.2e−5."""
    number, _, exponent = text.partition("e")
    if not exponent:
        return text.replace("-", "−")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number}e{int(exponent)}".replace("-", "−")
