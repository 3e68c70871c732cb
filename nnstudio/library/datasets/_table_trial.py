"""A trial reading of a Parquet file in a process of its own.

A damaged file may claim sizes that make the reader end its process at once, and all unsaved work with it. So it is
read once where nothing can be lost. A frozen program has no Python to start, and goes without.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from nnstudio.core.reading import tell

_PROGRAM = """
import sys
try:
    import os, resource
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
except (ImportError, ValueError, OSError):
    pass
import polars
try:
    frame = polars.scan_parquet(sys.argv[1], glob=False)
    if len(sys.argv) > 2:
        frame = frame.head(int(sys.argv[2]))
    for block in frame.collect_batches(chunk_size=100_000, maintain_order=True, lazy=True):
        pass
except (polars.exceptions.PolarsError, polars.exceptions.PanicException):
    pass  # the program itself is told the same, and says it
"""
_passed: set[tuple[str, int, int, int | None]] = set()


def survives(path: Path, rows: int | None) -> bool:
    """Whether a process that reads the first rows of the file, or all, comes to its end."""
    status = path.stat()
    trial = (os.path.abspath(path), status.st_size, status.st_mtime_ns, rows)
    if trial in _passed or getattr(sys, "frozen", False):
        return True
    command = [sys.executable, "-c", _PROGRAM, os.path.abspath(path), *([] if rows is None else [str(rows)])]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        while process.poll() is None:
            tell(None, f"Looking through {path.name}")
            time.sleep(0.02)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode == 0:
        _passed.add(trial)
    return process.returncode == 0
