"""Sentences that several layers say about their inputs."""

from __future__ import annotations

from collections.abc import Iterable

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint


def needs_float(kind: TensorType) -> Iterable[Complaint]:
    """Integers (tokens, class numbers) cannot be multiplied by weights."""
    if kind.dtype == "int64":
        yield Complaint("numbers with a fraction (float32)", "whole numbers (int64)", "Add an Embedding before it.")


def needs_axes(kind: TensorType, axes: str, fix: str) -> Iterable[Complaint]:
    """`axes` such as "B, C, H, W": how many axes there must be, and what they are called."""
    wanted = axes.count(",")
    if len(kind.shape) != wanted:
        yield Complaint(f"{wanted + 1} axes [{axes}]", f"{len(kind.shape) + 1} axes {kind.text}", fix)


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """One size for both axes, or one for each."""
    return size if isinstance(size, tuple) else (size, size)


def words(sizes: Iterable[int]) -> str:
    """(3, 5) as "3×5"."""
    return "×".join(map(str, sizes))


def needs_room(
    shape: tuple[int, ...],
    kernel: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Iterable[Complaint]:
    """The window must fit into the padded input."""
    span = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    room = tuple(size + 2 * p for size, p in zip(shape, padding, strict=True))
    if any(s > r for s, r in zip(span, room, strict=True)):
        padded = f" ({words(room)} with its padding)" if any(padding) else ""
        spread = f" (spread to {words(span)})" if span != kernel else ""
        yield Complaint(
            f"an input at least as large as its {words(kernel)} kernel{spread}",
            f"a kernel {words(kernel)} that is larger than the {words(shape)} input{padded}",
            "Use a smaller kernel, more padding, or fewer pooling layers before it.",
        )
