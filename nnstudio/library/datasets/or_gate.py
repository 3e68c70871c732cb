"""The gate OR."""

from __future__ import annotations

from nnstudio.library.datasets._gate import Gate


class OR(Gate, category="Toy, two features", outputs=(0, 1, 1, 1)):
    """True where one input is or both are: one straight line divides it."""
