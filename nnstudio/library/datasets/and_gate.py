"""The gate AND."""

from __future__ import annotations

from nnstudio.library.datasets._gate import Gate


class AND(Gate, category="Toy, two features", outputs=(0, 0, 0, 1)):
    """True where both inputs are: one straight line divides it."""
