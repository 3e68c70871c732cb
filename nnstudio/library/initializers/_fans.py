"""What initialisations say about the shape of a parameter."""

from __future__ import annotations

from collections.abc import Iterable

from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint


def needs_axes(shape: Shape, least: int, most: int | None = None) -> Iterable[Complaint]:
    """A parameter with so many axes."""
    if len(shape) < least or (most is not None and len(shape) > most):
        if most is None:
            needed = f"at least {least} axes"
        else:
            needed = f"{least} axes" if most == least else f"{least} to {most} axes"
        shown = "×".join(map(str, shape)) or "one number"
        fix = "Use Normal or Uniform for it." if len(shape) < least else "Use another initialisation for it."
        yield Complaint(needed, f"{len(shape)} ({shown})", fix)
