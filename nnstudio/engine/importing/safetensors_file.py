"""A safetensors file as arrays. Its numbers stay in the file until they are used; nothing in it is run."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.core import json_text
from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.importing.python_file import regular_file

LARGEST = 64 << 30  # bytes
_HEADER = 100 << 20
_VALUES = 4_000_000
_KINDS = {
    "F32": "<f4",
    "F64": "<f8",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor in the file."""

    shape: tuple[int, ...]
    kind: str
    numbers: np.ndarray

    def array(self, dtype: np.dtype[Any]) -> np.ndarray:
        """A copy of its numbers as this type."""
        found = np.array(self.numbers).reshape(self.shape)
        if self.kind == "BF16":
            found = (found.astype(np.uint32) << 16).view(np.float32)
        return found.astype(dtype)

    @property
    def fraction(self) -> bool:
        """Whether its numbers have fractions."""
        return "F" in self.kind


def read(path: Path, name: str = "") -> dict[str, Stored]:
    """The tensors of a file by name, in the order of the file.

    Raises:
        ImportRefused: it is no such file, or a damaged one.
    """
    name = name or path.name
    regular_file(path, LARGEST)
    try:
        with open(path, "rb") as file:
            head = file.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
            size = path.stat().st_size - 8 - length
            if not 1 < length <= _HEADER or size < 0:
                raise ImportRefused(f"{name} is no safetensors file, or is cut off.")
            header = json_text.parse(file.read(length), _VALUES)
        whole = np.memmap(path, np.uint8, "r", 8 + length) if size else np.zeros(0, np.uint8)
    except ValueError as error:
        raise ImportRefused(f"{name}: its header cannot be read: {error}.") from None
    except OSError as error:
        raise ImportRefused(f"{name} cannot be read: {error.strerror or error}.") from None
    if not isinstance(header, dict):
        raise ImportRefused(f"{name}: its header is no object.")
    return {key: _tensor(key, entry, whole, name) for key, entry in header.items() if key != "__metadata__"}


def _tensor(key: str, entry: Any, whole: np.ndarray, name: str) -> Stored:
    shown = repr(key[:80])
    try:
        kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        numbers = (*shape, begin, end)
    except (TypeError, KeyError, ValueError):
        raise ImportRefused(f"{name}: what it says of {shown} cannot be read.") from None
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**53 for one in numbers):
        raise ImportRefused(f"{name}: what it says of {shown} cannot be read.")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ImportRefused(
            f"{name}: {shown} has numbers of the kind {str(kind)[:20]!r}, which a drawing does not know."
        )
    if len(shape) > 16 or not begin <= end <= len(whole):
        raise ImportRefused(f"{name} is cut off or damaged: {shown} lies outside of it.")
    if math.prod(shape) * np.dtype(_KINDS[kind]).itemsize != end - begin:
        raise ImportRefused(f"{name}: {shown} has another size than its shape {shape} says.")
    return Stored(tuple(shape), kind, whole[begin:end].view(_KINDS[kind]) if end > begin else np.zeros(0, _KINDS[kind]))
