"""The gate XOR."""

from __future__ import annotations

from nnstudio.library.datasets._gate import Gate


class XOR(Gate, category="Toy, two features", outputs=(0, 1, 1, 0)):
    """True where exactly one input is: no straight line divides it."""
