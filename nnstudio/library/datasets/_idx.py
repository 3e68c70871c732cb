"""IDX files, in which MNIST and its relatives are handed on; nothing in a file is trusted to be as long as it says."""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnstudio.core.reading import tell
from nnstudio.library.datasets._arrays import PIECE

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_MOST_PACKED = 1100  # deflate makes nothing smaller than by this factor
_MOST_AXES = 8
# A file of images, in the usual names: train-images-idx3-ubyte.gz, t10k-images.idx3-ubyte, emnist-letters-test-images…
_PART = re.compile(r"(?:(?<=[-_.])|^)(train|t10k|test)(?=[-_.])")


@dataclass(frozen=True)
class IdxFile:
    """A file, and what its head says that is in it."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def rows(self) -> int:
        return self.shape[0]

    def pieces(self) -> Iterator[np.ndarray]:
        """The rows in pieces of some megabytes. Raises ValueError with one sentence when there are fewer, or more."""
        name, row = self.path.name, math.prod(self.shape[1:])
        with _opened(self.path) as file:
            file.read(4 + 4 * len(self.shape))
            step = max(1, PIECE // max(1, row * self.dtype.itemsize))
            for first in range(0, self.rows, step):
                tell(first / self.rows, f"Reading {name}")
                shape = (min(step, self.rows - first), *self.shape[1:])
                found = _read(file, math.prod(shape) * self.dtype.itemsize, name)
                yield np.frombuffer(found, self.dtype).reshape(shape)
            if _read(file, 1, name, all_of_it=False):
                raise ValueError(f"{name} is longer than its head says. Get the file again.")

    def whole(self) -> np.ndarray:
        """All rows, in memory."""
        return np.concatenate(list(self.pieces()))


def idx_file(path: Path) -> IdxFile:
    """What the head of a file says.

    Raises:
        ValueError: it is no IDX file, or says more than can be in it; one sentence.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with _opened(path) as file:
        head = _read(file, 4, path.name, all_of_it=False)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 0 < head[3] <= _MOST_AXES:
            words = "is empty" if not head else f"begins with {head.hex(' ')}, not as an IDX file does"
            raise ValueError(f"{path.name} {words}. Choose a file such as train-images-idx3-ubyte.")
        shape = np.frombuffer(_read(file, 4 * head[3], path.name), ">u4").tolist()
    dtype = np.dtype(_TYPES[head[2]])
    needed = 4 + 4 * head[3] + math.prod(shape) * dtype.itemsize
    packed = _is_packed(path)
    if needed > size * _MOST_PACKED if packed else needed != size:
        sizes = " × ".join(map(str, shape))
        raise ValueError(
            f"{path.name} says that it holds {sizes} numbers, which need {needed:,} bytes, but it has {size:,}. "
            "Get the file again."
        )
    if math.prod(shape) == 0:
        raise ValueError(f"{path.name} has no rows. Choose another file.")
    return IdxFile(path, tuple(shape), dtype)


def partner(images: Path) -> Path:
    """The labels that lie beside a file of images. Raises ValueError when they are not there."""
    name = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
    for one in (name, f"{name}.gz"):
        if one != images.name and (images.parent / one).is_file():
            return images.parent / one
    raise ValueError(f"The labels of {images.name} are missing in {images.parent}. Put {name} or {name}.gz beside it.")


def divided(images: Path) -> list[tuple[int, Path]]:
    """The files of images of both parts (0 training, 2 testing) where they lie beside each other; else none."""
    match = _PART.search(images.name)
    if match is None:
        return []
    bare = images.name.removesuffix(".gz")
    found: dict[int, Path] = {}
    for word, part in (("train", 0), ("t10k", 2), ("test", 2)):
        name = bare[: match.start()] + word + bare[match.end() :]
        for one in (images.name, name, f"{name}.gz"):
            if _PART.sub(word, one, count=1) == one and (images.parent / one).is_file():
                found.setdefault(part, images.parent / one)
    return sorted(found.items()) if len(found) == 2 else []


def first_images(folder: Path) -> Path:
    """The file of images in a folder, of the training part if there is one. Raises ValueError when there is none."""
    found = [file for file in sorted(folder.iterdir()) if "images" in file.name and "idx" in file.name]
    if not found:
        raise ValueError(f"{folder.name} has no file such as train-images-idx3-ubyte. Choose the file itself.")
    return next((file for file in found if "train" in file.name), found[0])


def _is_packed(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if _is_packed(path) else open(path, "rb")  # type: ignore[return-value]


def _read(file: IO[bytes], count: int, name: str, all_of_it: bool = True) -> bytes:
    try:
        found = file.read(count)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{name} is damaged: {error}. Get the file again.") from None
    if all_of_it and len(found) < count:
        raise ValueError(f"{name} is cut off. Get the file again.")
    return found
