"""Sentences that several layers say about their inputs."""

from __future__ import annotations

from collections.abc import Iterable

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint


def needs_float(kind: TensorType) -> Iterable[Complaint]:
    """Integers (tokens, class numbers) cannot be multiplied by weights, nor can yes and no (masks)."""
    if kind.dtype == "int64":
        yield Complaint("numbers with a fraction (float32)", "whole numbers (int64)", "Add an Embedding before it.")
    elif kind.dtype == "bool":
        yield Complaint("numbers with a fraction (float32)", "yes or no (bool)", "Wire something else to it.")


def needs_axes(kind: TensorType, axes: str, fix: str) -> Iterable[Complaint]:
    """`axes` such as "B, C, H, W": how many axes there must be, and what they are called."""
    wanted = axes.count(",")
    if len(kind.shape) != wanted:
        has = len(kind.shape) + 1
        yield Complaint(f"{wanted + 1} axes [{axes}]", f"{has} {'axis' if has == 1 else 'axes'} {kind.text}", fix)


def words(sizes: Iterable[int]) -> str:
    """(3, 5) as "3×5"."""
    return "×".join(map(str, sizes))
