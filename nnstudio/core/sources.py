"""Sources: files that data is read from. They stay where they are and are referenced by path and hash.

A file that the project holds itself (an embedded one) is known by its hash alone: `hold` takes its bytes when a project
is opened, and `locate` puts them into the cache folder for those who read files.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from nnstudio.core.kinds import Dataset
from nnstudio.core.reading import tell
from nnstudio.core.replacement import replace_file
from nnstudio.core.spec import field

_PIECE = 4 << 20
# What a project file may hold of one file of data.
LARGEST_EMBEDDED = 32 << 20

_held: dict[str, bytes] = {}
# The hash of a file that was read before, by its path, size and time of change: a large one is not read twice for it.
_known: dict[tuple[str, int, int], str] = {}


class FileDataset(Dataset, abstract=True):
    """A dataset that is read from a file, or from a folder of files."""

    suffixes: ClassVar[tuple[str, ...]] = ()  # of the files that it reads: (".csv", ".tsv"); none: a folder
    usual: ClassVar[bool] = False  # what such a file is taken for before anything more is known of it
    path: str = field("", "The file that the rows are read from.")
    sha256: str = field("", "The SHA-256 of what was chosen, so that a changed file is noticed; empty: not compared.")
    embedded: bool = field(False, "Keep a copy of the file in the project, so that it can be handed on as one file.")

    def located(self) -> Path:
        """Where the file is now. Raises ValueError as `locate` does."""
        return locate(self.path, self.sha256)


def locate(path: str, sha256: str = "") -> Path:
    """The file, or the folder, to be read.

    Raises:
        ValueError: it is not there, or is no longer what was chosen; one sentence.
    """
    if sha256 and sha256 in _held:
        return _materialised(sha256, Path(path).suffix)
    if not path:
        raise ValueError("No file is chosen. Choose one in the Data panel.")
    found = Path(path)
    shown = found.name or path
    try:
        kind = found.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{shown} cannot be read in {found.parent}: {reason}. Choose it in the Data panel.") from None
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise ValueError(f"{shown} is neither a file nor a folder. Choose another in the Data panel.")
    if sha256 and fingerprint(found) != sha256:
        raise ValueError(
            f"{shown} has changed since it was chosen. Choose it again in the Data panel to read it as it is now."
        )
    return found


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file's bytes; of a folder, that of the names and sizes of all files in it.

    Raises:
        OSError: it cannot be read.
    """
    if path.is_dir():
        total = hashlib.sha256()
        for name, size in _listing(path):
            total.update(f"{name}\0{size}\0".encode("utf-8", "surrogateescape"))
        return total.hexdigest()
    status = path.stat()
    key = (os.path.abspath(path), status.st_size, status.st_mtime_ns)
    if key not in _known:
        total = hashlib.sha256()
        done = 0
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                total.update(piece)
                done += len(piece)
                tell(min(done / max(status.st_size, 1), 1.0), f"Reading {path.name}")
        _known[key] = total.hexdigest()
    return _known[key]


def _listing(folder: Path) -> Iterator[tuple[str, int]]:
    """All files under a folder, in an order that no file system decides."""
    found = []
    for place, _, names in os.walk(folder):
        tell(None, f"Looking through {folder.name}")
        for name in names:
            file = os.path.join(place, name)
            try:
                size = os.stat(file).st_size
            except OSError:
                size = -1
            found.append((Path(file).relative_to(folder).as_posix(), size))
    yield from sorted(found)


def hold(content: bytes) -> str:
    """Keep the bytes of an embedded file while the program runs; their SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    _held[sha256] = content
    return sha256


def held(sha256: str) -> bytes | None:
    """The bytes of an embedded file, if they were held."""
    return _held.get(sha256)


def _materialised(sha256: str, suffix: str) -> Path:
    content = _held[sha256]
    suffix = suffix if suffix[1:].isalnum() else ""
    place = cache_folder() / "embedded" / f"{sha256}{suffix}"
    try:
        if place.read_bytes() == content:
            return place
    except OSError:
        pass
    place.parent.mkdir(parents=True, exist_ok=True)
    replace_file(place, content)
    return place


def cache_folder() -> Path:
    """Where what can be made anew is kept: NNSTUDIO_CACHE, or the place that the system has for it."""
    chosen = os.environ.get("NNSTUDIO_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "nnstudio" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nnstudio"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nnstudio"
