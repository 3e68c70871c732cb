"""Importing a `.pt2` of torch.export. torch reads it with pickle as a last resort, so it is treated as code."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.importing.python_file import SECONDS, regular_file

if TYPE_CHECKING:
    from nnstudio.engine.importing.imported import Imported

LARGEST = 9 << 30  # bytes


def import_pt2(
    path: str | os.PathLike[str],
    agreed: bool = False,
    *,
    name: str = "",
    seconds: float = SECONDS,
    memory: int | None = None,
    stop: Event | None = None,
) -> Imported:
    """The drawing of an exported program, with its weights. Without `agreed` nothing is read.

    Raises:
        ImportRefused: one sentence on where and why it cannot be drawn.
    """
    file = Path(path)
    regular_file(file, LARGEST)
    try:
        whole = zipfile.is_zipfile(file)
    except OSError as error:
        raise ImportRefused(f"{file.name} cannot be read: {error.strerror or error}.") from None
    if not whole:
        raise ImportRefused(f"{file.name} is no file of torch.export, or a damaged one.")
    if not agreed:
        raise ImportRefused(
            f"{file.name} is read by torch, which may run what is in it: it can do whatever you can do on this "
            "computer. Agree to that if you trust where it comes from (--agree)."
        )
    from nnstudio.engine.importing.child_process import import_in_child

    request = {"kind": "pt2", "inputs": [], "name": name}
    return import_in_child(file, request, seconds, memory, stop)
