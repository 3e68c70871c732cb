"""Arrays in NPY and NPZ files, read piece by piece; nothing in a file is trusted to be as long as it says."""

from __future__ import annotations

import lzma
import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnstudio.core.reading import tell
from nnstudio.library.datasets._arrays import PIECE

_LARGEST_HEADER = 10_000
_MOST_AXES = 16
# What numpy raises for a head that is none.
_BAD_HEADS = (
    ValueError,
    EOFError,
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    MemoryError,
    zlib.error,
    lzma.LZMAError,
)
# What reading a damaged archive raises.
_DAMAGED = (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError, RuntimeError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Stored:
    """One array in a file.

    Attributes:
        path: the file.
        member: its name inside an NPZ file; empty for NPY.
        start: where its numbers begin, after the header.
    """

    path: Path
    member: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int

    @property
    def shown(self) -> str:
        """What sentences call it."""
        return f"{self.member} in {self.path.name}" if self.member else self.path.name

    @property
    def rows(self) -> int:
        return self.shape[0]

    def pieces(self) -> Iterator[np.ndarray]:
        """The rows in pieces of some megabytes. Raises ValueError with one sentence when the file is damaged."""
        if not self.member:
            mapped = np.memmap(self.path, self.dtype, "r", self.start, self.shape, "F" if self.fortran else "C")
            for first, last in self._parts():
                yield mapped[first:last]
            return
        with self._open() as file:
            file.read(self.start)
            if self.fortran:  # the rows lie scattered over the whole array
                whole = np.frombuffer(self._bytes(file, math.prod(self.shape)), self.dtype)
                yield whole.reshape(self.shape, order="F")
                return
            for first, last in self._parts():
                shape = (last - first, *self.shape[1:])
                yield np.frombuffer(self._bytes(file, math.prod(shape)), self.dtype).reshape(shape)

    def whole(self) -> np.ndarray:
        """All rows, in memory."""
        return np.concatenate(list(self.pieces()))

    def _parts(self) -> Iterator[tuple[int, int]]:
        step = max(1, PIECE // max(1, math.prod(self.shape[1:]) * self.dtype.itemsize))
        for first in range(0, self.rows, step):
            tell(first / self.rows, f"Reading {self.path.name}")
            yield first, min(first + step, self.rows)

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{self.member}.npy") as file:
            yield file

    def _bytes(self, file: IO[bytes], count: int) -> bytes:
        try:
            found = file.read(count * self.dtype.itemsize)
        except _DAMAGED as error:
            raise ValueError(f"{self.shown} is damaged: {error}. Save it again.") from None
        if len(found) < count * self.dtype.itemsize:
            raise ValueError(f"{self.shown} is cut off. Save it again.")
        return found


def stored(path: Path) -> dict[str, Stored]:
    """The arrays in an NPY file (one, without a name) or an NPZ file, by name.

    Raises:
        ValueError: it is neither, or damaged, or an array is not made of numbers or texts; one sentence.
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        first = file.read(6)
        if not first.startswith(b"PK"):
            if first != b"\x93NUMPY":
                words = "is empty" if not first else "does not begin as an NPY or NPZ file does"
                raise ValueError(f"{path.name} {words}. Save it with numpy.save or numpy.savez.")
            file.seek(0)
            return {"": _header(file, path, "", path.stat().st_size)}
    try:
        with zipfile.ZipFile(path) as archive:
            found = {}
            for item in archive.infolist():
                if item.filename.endswith(".npy"):
                    name = item.filename.removesuffix(".npy")
                    with archive.open(item) as member:
                        found[name] = _header(member, path, name, item.file_size)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path.name} is damaged: {error}. Save it again.") from None
    except (RuntimeError, zlib.error, lzma.LZMAError, EOFError) as error:  # a password, an unknown or broken packing
        raise ValueError(f"{path.name} cannot be unpacked: {error}. Save it with numpy.savez.") from None
    if not found:
        raise ValueError(f"{path.name} holds no arrays. Save it with numpy.savez.")
    return found


def _header(file: IO[bytes], path: Path, name: str, length: int) -> Stored:
    """What the head of an array says, compared with how many bytes there are."""
    shown = f"{name} in {path.name}" if name else path.name
    try:
        version = np.lib.format.read_magic(file)
        if version == (3, 0):  # written for columns whose names are beyond Latin-1, and for nothing else
            raise ValueError("it is a table with named columns")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file, max_header_size=_LARGEST_HEADER)
    except _BAD_HEADS as error:
        reason = str(error).split("\n")[0].rstrip(".")[:200]
        raise ValueError(f"{shown} cannot be read as an array: {reason}. Save it with numpy.save.") from None
    if dtype.hasobject:
        raise ValueError(
            f"{shown} holds Python objects, which are not read, because that could run a program. "
            "Save it as numbers, for instance with array.astype(float)."
        )
    if dtype.kind not in "biufcUS" or dtype.itemsize == 0:
        what = "a table with named columns" if dtype.names else f"of the type {dtype}"
        raise ValueError(f"{shown} is {what}; an array of numbers or texts is needed. Save it as such.")
    if len(shape) > _MOST_AXES or any(isinstance(size, bool) or not 0 <= size < 2**63 for size in shape):
        raise ValueError(f"{shown} has the impossible shape {str(shape)[:80]}. Save it again.")
    start = file.tell()
    if math.prod(shape) * dtype.itemsize != length - start:
        raise ValueError(
            f"{shown} says that its shape is {shape}, which needs {math.prod(shape) * dtype.itemsize:,} bytes, "
            f"but it has {max(length - start, 0):,}. It is cut off or damaged: save it again."
        )
    return Stored(path, name, tuple(int(size) for size in shape), dtype, fortran, start)
