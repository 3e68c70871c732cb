"""Many pictures as one array: settings, threads, what is left out, and what is said of it."""

from __future__ import annotations

import hashlib
import inspect
import os
import stat
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nnstudio.core.reading import tell
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import field
from nnstudio.library.datasets._arrays import gathered
from nnstudio.library.datasets._picture import read_picture

MODES = ("colour", "grey")
RESIZES = ("fit and crop", "stretch", "pad")
BACKGROUNDS = ("white", "black")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
IMPORTS = "import numpy as np\nfrom PIL import Image, ImageOps\n"

_KEEP_ABOVE = 8 << 20  # bytes: reading many pictures takes long, so what came of it is kept
_PIECE = 64  # pictures
_NAMED = 3  # how many of a kind are named in a sentence


@dataclass(frozen=True)
class Picture:
    """A file, what sentences and rows call it, and where it is named (", line 3 of labels.csv")."""

    name: str
    path: Path
    where: Callable[[], str] = str


@dataclass(frozen=True, eq=False)
class Pictures:
    """What was read.

    Attributes:
        array: uint8 [pictures, channels, height, width].
        rows: which of the files each picture is, int64; the others were left out.
        left_out: the number and the fault of each file that was left out.
        alike: pairs of numbers of files with the same bytes.
    """

    array: np.ndarray
    rows: np.ndarray
    left_out: tuple[tuple[int, str], ...]
    alike: tuple[tuple[int, int], ...]


class PictureFiles(FileDataset, abstract=True):
    """A dataset of picture files; they are all made one size."""

    width: int = field(32, "The width that all pictures get.", minimum=1, maximum=4096, unit="pixels")
    height: int = field(32, "The height that all pictures get.", minimum=1, maximum=4096, unit="pixels")
    mode: str = field("colour", "Three channels (red, green, blue), or one (grey).", choices=MODES)
    resize: str = field(
        "fit and crop",
        "How a picture of another shape is made to fit: cut at the longer sides, stretched, or with margins.",
        choices=RESIZES,
    )
    background: str = field("white", "What is put behind transparent places and in margins.", choices=BACKGROUNDS)
    skip_broken: bool = field(False, "Leave out files that cannot be read as pictures, instead of stopping there.")

    def _arguments(self) -> dict[str, Any]:
        names = ("width", "height", "mode", "resize", "background")
        return {name: getattr(self, name) for name in names}

    def _read(self, files: Sequence[Picture]) -> Pictures:
        """Raises ValueError where a file is no picture, unless such are left out; one sentence."""
        facts: dict[str, Any] = {"rows": [], "left_out": [], "alike": []}
        shape = (1 if self.mode == "grey" else 3, self.height, self.width)
        key = hashlib.sha256(f"{type(self).__name__} {self._arguments()} {self.skip_broken}".encode())
        for place, file in enumerate(files):
            if place % 1000 == 0:
                tell(None, f"Looking at {len(files):,} files")
            key.update(f"{file.name}\0{file.path}\0{_stamp(file.path)}\0".encode("utf-8", "surrogateescape"))
        pieces = self._pieces(files, facts)
        array = gathered(key.hexdigest(), len(files), shape, np.dtype(np.uint8), pieces, facts, _KEEP_ABOVE)
        if not len(array):
            raise ValueError("None of the files can be read as a picture. Choose others in the Data panel.")
        left_out = tuple((int(place), str(fault)) for place, fault in facts["left_out"])
        alike = tuple((int(first), int(second)) for first, second in facts["alike"])
        return Pictures(array, np.array(facts["rows"], np.int64), left_out, alike)

    def _pieces(self, files: Sequence[Picture], facts: dict[str, Any]) -> Iterator[np.ndarray]:
        arguments, known, waiting = self._arguments(), dict[str, int](), list[np.ndarray]()
        for place, result in enumerate(_in_threads(files, arguments)):
            if isinstance(result, str):
                if not self.skip_broken:
                    raise ValueError(
                        f"{files[place].name}{files[place].where()} cannot be read as a picture: {result}. "
                        "Mend it or take it away, or choose to skip broken files."
                    )
                facts["left_out"].append([place, result])
                continue
            pixels, digest = result
            if digest in known:
                facts["alike"].append([known[digest], place])
            known.setdefault(digest, place)
            facts["rows"].append(place)
            waiting.append(pixels)
            if len(waiting) == _PIECE:
                yield np.stack(waiting)
                waiting.clear()
        if waiting:
            yield np.stack(waiting)

    def _function_source(self) -> str:
        """Python that defines `read_picture`, with these settings as its defaults."""
        source = inspect.getsource(read_picture)
        body = source[source.index('    """') :]
        given = ", ".join(f"{name}={value!r}" for name, value in self._arguments().items())
        return f"def read_picture(file, {given}):\n{body}"


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _in_threads(files: Sequence[Picture], arguments: dict[str, Any]) -> Iterator[tuple[np.ndarray, str] | str]:
    """Each file's pixels and hash, or its fault in words, in order. Few are read ahead, so that little is held."""
    threads = min(8, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads, "pictures")
    stopped = threading.Event()
    waiting: deque[Future[tuple[np.ndarray, str] | str]] = deque()
    rest, done, told = iter(files), 0, 0.0
    try:
        while True:
            for file in rest:
                waiting.append(pool.submit(_one, file.path, arguments, stopped))
                if len(waiting) >= 4 * threads:
                    break
            if not waiting:
                return
            if time.monotonic() - told > 0.05:
                tell(done / len(files), f"Reading pictures: {done:,} of {len(files):,}")
                told = time.monotonic()
            try:
                result = waiting[0].result(timeout=0.05)
            except NotYet:
                continue
            waiting.popleft()
            done += 1
            yield result
    finally:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _one(path: Path, arguments: dict[str, Any], stopped: threading.Event) -> tuple[np.ndarray, str] | str:
    if stopped.is_set():
        return "it was not wanted any more"
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "it is not a file"
        if status.st_size == 0:
            return "it is empty (0 bytes)"
        pixels = read_picture(path, **arguments)
        with open(path, "rb") as file:
            return pixels, hashlib.file_digest(file, "blake2b").hexdigest()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return "it has more than 89 million pixels"
    except Image.UnidentifiedImageError:
        return "its bytes are not those of a picture"
    except Exception as error:  # a damaged picture raises whatever its decoder stumbles over
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).split("\n")[0]
        return reason.replace(str(path), path.name).rstrip(".")[:200]


# Pillow only warns of a picture somewhat over its limit; here it is refused like one far over it.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def readable(name: str) -> str:
    """A file name as text that can be shown and saved, whatever bytes it is made of."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def named(words: str, names: Sequence[str]) -> str:
    """A sentence that names the first of several."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{words}: {', '.join(names[:_NAMED])}{more}."


def left_out_notice(files: Sequence[Picture], found: Pictures) -> tuple[str, ...]:
    """What was left out, in a sentence."""
    if not found.left_out:
        return ()
    count = len(found.left_out)
    words = "1 file was left out" if count == 1 else f"{count:,} files were left out"
    return (named(words, [f"{files[place].name} ({fault})" for place, fault in found.left_out]),)


def twice_notice(files: Sequence[Picture], found: Pictures, *cases: tuple[Sequence[Any], str]) -> tuple[str, ...]:
    """What is said of files with the same bytes: of those that differ in the first of the cases in which any do.

    Args:
        cases: something of each file, such as its class, and what is wrong when it differs.
    """
    for of, words in (*cases, (range(len(files)), "there twice")):
        if pairs := [pair for pair in found.alike if of[pair[0]] != of[pair[1]]]:
            count = "1 picture is" if len(pairs) == 1 else f"{len(pairs):,} pictures are"
            names = [f"{files[one].name} and {files[other].name}" for one, other in pairs]
            return (named(f"{count} {words}", names),)
    return ()
