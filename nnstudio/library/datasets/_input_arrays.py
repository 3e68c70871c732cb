"""Arrays as inputs of a network: which numbers and which axes they become."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnstudio.library.datasets._array_files import Stored
from nnstudio.library.datasets._targets import refuse_not_a_number

AXES = ("guess", "as they are", "channels last", "no channels")
NUMBERS = ("numbers", "tokens")
_EXACT = 2**53  # larger whole numbers are not all the same in a float
_LARGEST = float(np.finfo(np.float32).max)
_ARRANGED = {"channels last": "X = X.transpose(0, 3, 1, 2)", "no channels": "X = X[:, np.newaxis]"}


@dataclass(frozen=True)
class Plan:
    """How arrays become inputs.

    Attributes:
        shape, dtype: of one row, and of its numbers, afterwards.
        axes: one of AXES without "guess"; or "feature", for a single number in each row.
        last_is_target: the last column is not an input.
        tokens: whole numbers stay whole.
        lines: Python that does the same to `X`.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: str
    last_is_target: bool
    tokens: bool
    lines: tuple[str, ...]
    notices: tuple[str, ...]

    def pieces(self, arrays: Sequence[Stored], facts: dict[str, Any]) -> Iterator[np.ndarray]:
        """The rows of all arrays, each number looked at.

        Raises:
            ValueError: a number is none, or too large; one sentence that names the row.
        """
        for array in arrays:
            first = 0
            for raw in array.pieces():
                piece = raw[:, :-1] if self.last_is_target else raw
                refuse_not_a_number(piece, array.shown, first)
                self._look_at_size(piece, array.shown, first, facts)
                first += len(piece)
                yield self._arranged(piece).astype(self.dtype, copy=False)

    def _arranged(self, piece: np.ndarray) -> np.ndarray:
        if self.axes == "channels last":
            return piece.transpose(0, 3, 1, 2)
        return piece[:, np.newaxis] if self.axes in ("no channels", "feature") else piece

    def _look_at_size(self, piece: np.ndarray, shown: str, first: int, facts: dict[str, Any]) -> None:
        if not piece.size:
            return
        kind, size = piece.dtype.kind, piece.dtype.itemsize
        if kind in "iu" and self.tokens:
            limit = np.iinfo(np.int64).max
            if piece.min() < 0 or piece.max() > limit:
                row, number = _first((piece < 0) | (piece > limit), piece)
                raise ValueError(
                    f"Row {first + row + 1} of {shown} has the token {number}; tokens are whole numbers from 0 on. "
                    "Choose numbers instead of tokens, or save it with other tokens."
                )
        elif kind in "iu" and size == 8 and "rounded" not in facts:
            if piece.max() > _EXACT or piece.min() < -_EXACT:
                row, _ = _first((piece > _EXACT) | (piece < -_EXACT), piece)
                facts["rounded"] = (
                    f"Row {first + row + 1} of {shown} has a whole number beyond 2^53: such numbers are rounded. "
                    "Such columns are often names of rows, from which nothing can be learnt."
                )
        elif kind == "f" and size >= 8 and max(piece.max(), -piece.min()) > _LARGEST:
            row, number = _first(np.abs(piece) > _LARGEST, piece)
            raise ValueError(
                f"Row {first + row + 1} of {shown} has {number}, beyond the {_LARGEST:.4g} that a network can take. "
                "Mend it, or divide that column, and save it again."
            )


def _first(wrong: np.ndarray, piece: np.ndarray) -> tuple[int, Any]:
    """The row of the first wrong number, and the number."""
    place = np.argwhere(wrong)[0]
    return int(place[0]), piece[tuple(place)]


def planned(arrays: Sequence[Stored], last_is_target: bool, axes: str, whole_numbers: str) -> Plan:
    """How these arrays (one, or one for each part) become inputs.

    Raises:
        ValueError: they are no numbers, or their axes do not fit; one sentence.
    """
    shown, shapes = arrays[0].shown, {array.shape[1:] for array in arrays}
    if len(shapes) > 1:
        listed = ", ".join(f"{array.member} {array.shape}" for array in arrays)
        raise ValueError(f"The rows of the parts have different shapes: {listed}. Save them with one shape.")
    dtype = _common(arrays)
    if dtype.kind not in "biuf":
        what = "complex numbers; give their real and imaginary parts as two" if dtype.kind == "c" else "texts"
        raise ValueError(f"{shown} holds {what}, which no network takes. Save it as numbers.")
    shape = shapes.pop()
    if last_is_target:
        shape = (shape[0] - 1,)
    if math.prod(shape) == 0:
        raise ValueError(f"The rows of {shown} are empty: its shape is {arrays[0].shape}. Choose another array.")
    tokens = dtype.kind in "iu" and whole_numbers == "tokens"
    chosen = _axes(shown, arrays[0], shape, dtype, axes, tokens)
    lines, notices = [], []
    if chosen == "channels last":
        shape = (shape[2], *shape[:2])
        lines.append("X = X.transpose(0, 3, 1, 2)")
    elif chosen != "as they are":
        shape = (1, *shape)
        lines.append("X = X[:, np.newaxis]")
    if axes == "guess" and chosen in ("channels last", "no channels"):
        words = {"channels last": "with the channels in the last axis", "no channels": "without an axis for channels"}
        notices.append(f"{shown} is taken as pictures {words[chosen]}: one row is {list(shape)}.")
    wanted = _wanted(dtype, tokens)
    if wanted != dtype or any(array.dtype != wanted for array in arrays):
        lines.append(f"X = X.astype(np.{wanted.name})")
    if wanted == np.uint8 and len(shape) < 3:
        notices.append(f"The whole numbers from 0 to 255 in {shown} are taken as brightness: the network sees 0 to 1.")
    return Plan(shape, wanted, chosen, last_is_target, tokens, tuple(lines), tuple(notices))


def _common(arrays: Sequence[Stored]) -> np.dtype[Any]:
    dtypes = [array.dtype for array in arrays]
    return dtypes[0] if len(set(dtypes)) == 1 or any(kind.kind in "US" for kind in dtypes) else np.result_type(*dtypes)


def _wanted(dtype: np.dtype[Any], tokens: bool) -> np.dtype[Any]:
    if tokens:
        return np.dtype(np.int64)
    if dtype == np.uint8:
        return np.dtype(np.uint8)
    small = (
        dtype.kind == "b" or (dtype.kind in "iu" and dtype.itemsize <= 2) or (dtype.kind == "f" and dtype.itemsize <= 4)
    )
    return np.dtype(np.float32 if small else np.float64)


def _axes(shown: str, array: Stored, shape: tuple[int, ...], dtype: np.dtype[Any], axes: str, tokens: bool) -> str:
    if not shape:
        return "feature"
    needed = {"channels last": 3, "no channels": 2}.get(axes)
    if needed is not None and len(shape) != needed:
        raise ValueError(
            f'{shown} has the shape {array.shape}; "{axes}" is for {needed + 1} axes, rows included. '
            'Choose "as they are".'
        )
    if axes != "guess":
        return axes
    if len(shape) == 3 and shape[2] in (1, 3, 4) and shape[0] not in (1, 3, 4) and not tokens:
        return "channels last"
    pictures = dtype == np.uint8 or "image" in array.member.lower()
    return "no channels" if len(shape) == 2 and pictures and not tokens else "as they are"
