"""Importing what is code: in a process of its own, bounded in time and memory, of which only data comes back."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import nnstudio
from nnstudio.core import json_text, storage
from nnstudio.engine.importing import safetensors_file
from nnstudio.engine.importing.imported import Imported
from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.importing.safetensors_file import Stored

SECONDS = 600.0
ANSWER, DRAWING, TENSORS = "answer.json", "drawing.nnstudio", "tensors.safetensors"  # what a child leaves behind
CHILD = "--import-child"  # the word with which a program that is one file starts itself as a child
_LARGEST_ANSWER = 32 << 20


def import_in_child(
    path: Path,
    request: Mapping[str, Any],
    seconds: float = SECONDS,
    memory: int | None = None,
    stop: Event | None = None,
) -> Imported:
    """What a child process makes of a request. `memory` is in bytes; without it, it is most of what there is.

    Raises:
        ImportRefused: it refuses, takes too long, breaks off, or `stop` was set.
    """
    with _asked(path, request, seconds, memory, stop) as (folder, notices):
        try:
            stored = storage.read(folder / DRAWING)
        except storage.StorageError as error:
            raise ImportRefused(f"{path.name}: the drawing of it came back damaged ({error}).") from None
        if stored.checkpoint is None:
            raise ImportRefused(f"{path.name}: the drawing of it came back without its weights.")
        return Imported(stored.project, stored.checkpoint, (*notices, *stored.notices))


def tensors_in_child(
    path: Path, seconds: float = SECONDS, memory: int | None = None, stop: Event | None = None
) -> dict[str, Stored]:
    """The tensors that a child process finds in a file of torch.save.

    Raises:
        ImportRefused: there are none, it takes too long, or `stop` was set.
    """
    with _asked(path, {"kind": "weights"}, seconds, memory, stop) as (folder, names):
        found = safetensors_file.read(folder / TENSORS, path.name)  # which holds them in another order
        return {name: replace(found[name], numbers=found[name].numbers.copy()) for name in names if name in found}


@contextmanager
def _asked(
    path: Path, request: Mapping[str, Any], seconds: float, memory: int | None, stop: Event | None
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The folder with what a child has made of a request, and its notices. Raises ImportRefused."""
    with tempfile.TemporaryDirectory(prefix="nnstudio-import-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        asked = {**request, "path": str(path.resolve()), "memory": memory or _most_memory()}
        (folder / "request.json").write_text(json.dumps(asked), "utf-8")
        code = _run(folder, path.name, seconds, stop)
        yield folder, _notices(folder, path.name, code)


def _run(folder: Path, name: str, seconds: float, stop: Event | None) -> int:
    """Wait for the child, but not for ever; its exit code."""
    request = str(folder / "request.json")
    if getattr(sys, "frozen", False):
        command = [sys.executable, CHILD, request]
    else:
        command = [sys.executable, "-m", "nnstudio.engine.importing.in_child", request]
    home = str(Path(nnstudio.__file__).resolve().parent.parent)
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
        start_new_session=os.name == "posix",
    )
    ends = time.monotonic() + seconds
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(0.05)
            if stop is not None and stop.is_set():
                raise ImportRefused(f"{name}: the import was stopped.")
            if time.monotonic() > ends:
                raise ImportRefused(f"{name}: it was not done after {seconds:g} seconds, and was ended.")
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and what it has started."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _notices(folder: Path, name: str, code: int) -> tuple[str, ...]:
    """The notices in the child's answer.

    Raises:
        ImportRefused: the answer is a refusal, or there is none.
    """
    file = folder / ANSWER
    try:
        found = os.lstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_ANSWER:
            raise ValueError("it is no answer")
        answer = json_text.parse(file.read_bytes(), 400_000)
        texts = [answer["refused"]] if "refused" in answer else answer["notices"]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("it is no answer")
    except FileNotFoundError:
        raise ImportRefused(f"{name}: {_ending(code)} before there was a drawing.") from None
    except (OSError, ValueError, TypeError, KeyError):
        raise ImportRefused(f"{name}: what came back of it cannot be read.") from None
    sentences = tuple(_shown(text) for text in texts)
    if "refused" in answer:
        raise ImportRefused(sentences[0])
    return sentences


def _ending(code: int) -> str:
    if code == -9:
        return "the process that ran it was ended by the system, which may lack memory,"
    return f"it ended the process that ran it (with {f'signal {-code}' if code < 0 else f'code {code}'})"


def _shown(text: str) -> str:
    """A sentence of the child on one line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:1000]


def _most_memory() -> int | None:
    """Three quarters of the memory of this computer, in bytes; None where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    except (AttributeError, ValueError, OSError):
        return None
