"""Indices along one axis, as a person writes them: `x[:, :, 2]`, or `x[..., 2]` for the last axis."""

from __future__ import annotations

from typing import Any


def at(axis: int, index: Any) -> Any:
    """What goes into the brackets to index this axis alone."""
    if axis >= 0:
        return (*(slice(None),) * axis, index) if axis else index
    return (..., index, *(slice(None),) * (-axis - 1))
