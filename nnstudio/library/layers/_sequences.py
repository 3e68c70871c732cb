"""What layers on sequences [B, T, D] have in common."""

from __future__ import annotations

from collections.abc import Iterable

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._reduction import needs_fractions


def needs_sequence(kind: TensorType, longest: int | None = None) -> Iterable[Complaint]:
    """Vectors one after the other, at most so many."""
    wrong = list(needs_fractions(kind))
    if not wrong and len(kind.shape) != 2:
        fix = "Add a Reshape before it, or an Embedding for tokens."
        wrong = [Complaint("3 axes [B, T, D]", f"{kind.axes} in {kind.text}", fix)]
    elif not wrong and longest is not None and kind.shape[0] > longest:
        fix = f"Set the length to {kind.shape[0]} or more."
        wrong = [Complaint(f"a sequence of at most {longest}", f"{kind.shape[0]} in {kind.text}", fix)]
    yield from wrong
