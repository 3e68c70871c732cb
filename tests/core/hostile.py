"""A good project file, what Python is asked to do while a file is read, and what may come of it."""

from __future__ import annotations

import re
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.drawings import layer, same
from nnstudio.core import storage
from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.graph import Graph
from nnstudio.core.project import DataSettings, Project
from nnstudio.core.storage import StorageError, Stored

HUGE = 10**4000
RECORD = {"epoch": 1, "step": 4, "train": {"loss": 0.5}, "test": {}, "lr": 0.1, "seconds": 0.25}


def good() -> tuple[Project, Checkpoint, bytes]:
    graph, a = Graph().add(layer("Input"))
    graph, b = graph.add(layer("Linear", out_features=3), title="Hidden")
    graph, c = graph.add(layer("Output"))
    project = Project(graph.wire(a, b).wire(b, c), DataSettings(standardise=False), title="Good", notes="[[{" * 50)
    weights = {"hidden.weight": np.arange(6, dtype=np.float32).reshape(3, 2), "hidden.bias": np.zeros(3, np.float32)}
    checkpoint = Checkpoint(
        names={"n2": "hidden"},
        weights=weights,
        optimizer={"hidden.bias|exp_avg": np.ones(3, np.float32)},
        optimizer_options={"lr": 0.1, "base_lr": 0.1},
        random_state=np.arange(16, dtype=np.uint8),
        epoch=1,
        batch=2,
        step=6,
        pending_losses=np.array([0.5, 0.25], np.float32),
        pending_sums={"accuracy": [1.0, 2.0]},
        history=History((RECORD,), np.array([1, 0.5], np.float32)),
        recipe={"seed": "0"},
    )
    return project, checkpoint, b"\x89PNG picture"


PROJECT, CHECKPOINT, PICTURE = good()
GOOD = storage.to_bytes(PROJECT, CHECKPOINT, PICTURE)

# -- the oracle: what Python itself is asked to do while a file is read ------------------------------------------------

_FORBIDDEN = re.compile(
    r"exec|compile|import|open|pickle|marshal|socket|subprocess|ctypes|urllib|cpython\."
    r"|os\.(system|exec|spawn|posix_spawn|fork)"
)
_watch: dict[str, Any] = {"thread": None, "seen": []}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watch["thread"] == threading.get_ident() and _FORBIDDEN.match(event):
        _watch["seen"].append((event, arguments))


sys.addaudithook(_hook)  # there is no way to take it away again, so it has a switch


@contextmanager
def watched(path: Path) -> Iterator[None]:
    """Nothing is run, imported or opened but the file itself; and it does not take long."""
    _watch["seen"].clear()
    _watch["thread"] = threading.get_ident()
    start = time.perf_counter()
    try:
        yield
    finally:
        _watch["thread"] = None
    took = time.perf_counter() - start
    others = [(event, arguments) for event, arguments in _watch["seen"] if (event, arguments[0]) != ("open", str(path))]
    assert others == [], str(others)
    assert took < 5, f"it took {took:.1f} seconds"


def opened(path: Path, data: bytes) -> Stored | str:
    """What a file of these bytes holds, or the sentence with which it is refused."""
    path.write_bytes(data)
    try:
        with watched(path):
            return storage.read(path)
    except StorageError as error:
        sentence = str(error)
    assert sentence.startswith(path.name), sentence
    assert sentence.endswith("."), sentence
    assert sentence.isprintable(), repr(sentence)
    assert len(sentence) < 400, sentence
    assert storage.read_picture(path) in (b"", PICTURE)
    assert "Traceback" not in sentence
    return sentence


def assert_unharmed(found: Stored | str) -> None:
    """Either refused, or what was saved, or the drawing as it was saved with a notice on what was left out."""
    if isinstance(found, str):
        return
    assert found.project == PROJECT
    assert found.picture in (b"", PICTURE)
    if found.checkpoint is None:
        assert len(found.notices) == 1
        assert found.notices[0].startswith("The weights in bad.nnstudio were left out (")
        assert found.notices[0].endswith("); the drawing and the settings are intact.")
    else:
        assert found.notices == ()
        assert same(CHECKPOINT, found.checkpoint)


MEGABYTE = 1 << 20


@contextmanager
def in_little_memory(megabytes: int = 200) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * MEGABYTE
    finally:
        tracemalloc.stop()


def written(**changes: Any) -> dict[str, Any]:
    return storage.project_to_json(PROJECT) | changes


def drawn(**changes: Any) -> dict[str, Any]:
    return written(graph=written()["graph"] | changes)
