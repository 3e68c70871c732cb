"""What the layers of transformers have in common: sequences of vectors, and masks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._reduction import needs_fractions

ALLOWED = "True where a place may not look, or a number that is added to the score [T, S]."
PADDING = "True where a sequence is only filled up [B, S]."


def needs_vectors(kind: TensorType, batch_first: bool, port: str, letter: str = "T") -> Iterable[Complaint]:
    """Vectors one after the other, the batch where the layer expects it."""
    wrong = list(needs_fractions(kind))
    axes = f"[B, {letter}, D]" if batch_first else f"[{letter}, B, D]"
    if not wrong and (len(kind.shape) != 2 or not kind.rows):
        fix = "Add a Reshape before it, or an Embedding for tokens."
        wrong = [Complaint(f"a sequence {axes}", kind.text, fix, port=port)]
    elif not wrong and kind.axis != (0 if batch_first else 1):
        fix = f"Switch batch_first {'off' if batch_first else 'on'}, or add a Transpose before it."
        wrong = [Complaint(f"a sequence {axes}", kind.text, fix, port=port)]
    yield from wrong


def needs_heads(size: int, heads: int, setting: str) -> Iterable[Complaint]:
    """The heads share the numbers of a vector evenly."""
    if size % heads:
        fix = f"Set {setting} to a divisor of {size}."
        yield Complaint(f"vectors whose size is a multiple of {heads} heads", f"{size}", fix)


def needs_mask(mask: TensorType | None, rows: int, columns: int, heads: int, port: str) -> Iterable[Complaint]:
    """A mask of places, one for all rows or one for each head of each row."""
    if mask is None:
        return
    whole = mask.rows == 0 and mask.shape == (rows, columns)
    each = mask.rows == heads and mask.axis == 0 and mask.shape == (rows, columns)
    if not whole and not each:
        fix = "Wire a CausalMask, or a Constant of that shape."
        yield Complaint(f"a mask [{rows}, {columns}]", mask.text, fix, port=port)
    elif mask.dtype == "int64":
        yield Complaint("a mask that is true or false, or numbers that are added", mask.text, "Add a Cast.", port=port)


def needs_padding(mask: TensorType | None, sequence: TensorType, port: str) -> Iterable[Complaint]:
    """A mask of the places that only fill this sequence up."""
    wanted = TensorType(sequence.shape[:1], "bool", sequence.rows)
    if mask is not None and replace(mask, dtype="bool") != wanted:
        fix = "Compare the tokens with that of the padding."
        yield Complaint(f"a mask {wanted.text}", mask.text, fix, port=port)
    elif mask is not None and mask.dtype == "int64":
        yield Complaint("a mask that is true or false", mask.text, "Add a Cast, or a Compare.", port=port)


def needs_alike(mask: TensorType | None, padding: TensorType | None, causal: bool, port: str) -> Iterable[Complaint]:
    """Both masks of one attention true or false, or both numbers; a causal one that the layer makes is the former."""
    own = "bool" if causal and mask is None else mask and mask.dtype
    if own and padding is not None and own != padding.dtype:
        fix = "Make both of one type: with a Compare, or with a Cast."
        got = f"{padding.dtype} beside {own}, which torch will no longer take"
        yield Complaint("two masks that are both true or false, or both numbers", got, fix, "warning", port)


def causal(sequence: Any, batch_first: bool) -> Any:
    """True above the diagonal, where a place must not look: as long as the sequence."""
    length = sequence.shape[1 if batch_first else 0]
    return sequence.new_ones((length, length), dtype=torch.bool).triu(1)


def masks(**given: Any) -> dict[str, Any]:
    """The arguments that there is something for."""
    return {name: mask for name, mask in given.items() if mask is not None}
