"""A constant learning rate."""

from __future__ import annotations

from nnstudio.core.kinds import Schedule


class Constant(Schedule, formula="lr"):
    """The learning rate stays as it is."""
