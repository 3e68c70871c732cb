"""Arrays that are made piece by piece: small ones in memory, large ones in a file of the cache folder."""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nnstudio.core.sources import cache_folder

LARGEST_IN_MEMORY = 200 << 20  # bytes; larger arrays are read from a file as they are needed
LARGEST_CACHE = 40 << 30  # bytes of all arrays in the cache folder; the oldest make room for new ones
PIECE = 8 << 20  # bytes that are read at once
_SPARE = 256 << 20  # bytes that are left free on the disk


def gathered(
    key: str,
    rows: int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    pieces: Iterator[np.ndarray],
    facts: dict[str, Any],
    keep_above: int | None = None,
) -> np.ndarray:
    """The pieces [any, *shape] one after the other, as one array.

    Args:
        key: what the array is a function of. An array of more than `keep_above` bytes (LARGEST_IN_MEMORY if None) is
            kept under it, with `facts`, and read back the next time.
        rows: how many there are at most.
        facts: what is learnt while the pieces are made, as JSON values; filled from the file when it is read back.

    Raises:
        OSError: the disk has too little room.
    """
    size = rows * math.prod(shape) * dtype.itemsize
    keep_above = LARGEST_IN_MEMORY if keep_above is None else keep_above
    if size <= keep_above:
        array = np.empty((rows, *shape), dtype)
        done = 0
        for piece in pieces:
            array[done : done + len(piece)] = piece
            done += len(piece)
        return array[:done]
    folder = cache_folder() / "arrays"
    place = folder / f"{hashlib.sha256(f'{key} {shape} {dtype.str}'.encode()).hexdigest()}.npy"
    found = _kept(place, shape, dtype, facts, size)
    if found is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    _make_room(folder, size)
    done = _written(place, shape, dtype, pieces)
    _write_facts(place, {"rows": done, "facts": facts})
    opened = _kept(place, shape, dtype, facts, size)
    if opened is None:
        raise OSError(f"{place.name} in the cache folder {folder} was changed while it was written. Try again.")
    return opened


def _kept(
    place: Path, shape: tuple[int, ...], dtype: np.dtype[Any], facts: dict[str, Any], size: int
) -> np.ndarray | None:
    """What was kept, if it is there and whole."""
    try:
        written = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
        array = np.load(place, mmap_mode="r", allow_pickle=False)
        os.utime(place)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(written, dict) or array.shape != (written.get("rows"), *shape) or array.dtype != dtype:
        return None
    facts.update(written.get("facts", {}))
    return array if size > LARGEST_IN_MEMORY else np.array(array)


def _written(place: Path, shape: tuple[int, ...], dtype: np.dtype[Any], pieces: Iterator[np.ndarray]) -> int:
    """Write the file, all or nothing; how many rows there were."""
    temporary = place.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            start = _write_header(file, 0, shape, dtype)
            done = 0
            for piece in pieces:
                file.write(np.ascontiguousarray(piece, dtype).data)
                done += len(piece)
            file.seek(0)
            # numpy leaves room in the header for the number of rows to grow.
            assert _write_header(file, done, shape, dtype) == start
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, place)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    return done


def _write_header(file: BinaryIO, rows: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows, *shape)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.tell()


def _write_facts(place: Path, facts: dict[str, Any]) -> None:
    temporary = place.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        temporary.write_text(json.dumps(facts), encoding="utf-8")
        os.replace(temporary, place.with_suffix(".json"))
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _make_room(folder: Path, size: int) -> None:
    """Take the arrays away that were not used for longest, and what a killed program left half written."""
    kept: list[tuple[float, int, Path]] = []
    for file in folder.iterdir():
        with suppress(OSError):
            status = file.stat()
            if file.suffix == ".npy":
                kept.append((status.st_mtime, status.st_size, file))
            elif file.suffix == ".tmp" and time.time() - status.st_mtime > 86_400:
                file.unlink()
    total = sum(item[1] for item in kept) + size
    for _, length, file in sorted(kept):
        if total <= LARGEST_CACHE and size + _SPARE <= shutil.disk_usage(folder).free:
            break
        with suppress(OSError):  # another program may have it open
            file.unlink()
            file.with_suffix(".json").unlink()
            total -= length
    free = shutil.disk_usage(folder).free
    if size + _SPARE > free:
        raise OSError(
            f"The cache folder {folder} needs room for {in_words(size)}, but only {in_words(max(free, 0))} are free. "
            "Make room, or set NNSTUDIO_CACHE to a folder on a larger disk."
        )


def in_words(size: int) -> str:
    """A number of bytes as people read it."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} bytes"
