"""A table that is larger than what is kept in memory: time, memory, and how soon Cancel is heard.

    python -m tests.long.big_table --rows 10000000 [--columns 10] [--format csv] [--folder /var/tmp]

The table is written to a temporary folder and read by child processes: one that is stopped in each part of the work,
one that reads it whole, and one that reads what was kept; both then go through the rows in batches.
The largest memory is that of `getrusage`, above what the process had before it began. POLARS_MAX_THREADS is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

_BATCH = 65_536


def write(place: Path, rows: int, columns: int) -> None:
    """Random numbers, and a target that is a sum of some of them, piece by piece."""
    import polars as pl

    random = np.random.default_rng(0)
    names = [f"x{number + 1}" for number in range(columns)]
    with open(place, "wb") as file:
        for start in range(0, rows, 200_000):
            numbers = random.standard_normal((min(200_000, rows - start), columns))
            frame = pl.DataFrame(numbers, schema=names, orient="row")
            frame = frame.with_columns(y=pl.Series(numbers[:, :3].sum(axis=1)))
            frame.write_csv(file, include_header=start == 0)
    if place.suffix == ".parquet":
        text = place.rename(place.with_suffix(".csv"))
        pl.scan_csv(text).sink_parquet(place)
        text.unlink()


def child(path: str, stop_at: float) -> dict[str, float]:
    """Read the table, or stop when so much of it is done."""
    import resource

    from nnstudio.core.reading import Cancelled, told_to
    from nnstudio.library.datasets.table_file import TableFile

    def used() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6

    before, begun = used(), time.perf_counter()
    said, longest, asked, last = 0, 0.0, 0.0, begun

    def listen(share: float | None, words: str) -> bool:
        nonlocal said, longest, asked, last
        now = time.perf_counter()
        said, longest, last = said + 1, max(longest, now - last), now
        if stop_at < 1 and share is not None and share >= stop_at and "rows" in words:
            asked = asked or now
            return False
        return True

    found: dict[str, float] = {"before_mb": before}
    with told_to(listen):
        try:
            data = TableFile(path=path).load()
        except Cancelled:
            found["heard_after_s"] = time.perf_counter() - asked
        else:
            found |= {"rows": data.rows, "features": data.inputs.shape[1], "read_s": time.perf_counter() - begun}
            found["read_mb"] = used() - before
            begun = time.perf_counter()
            total = 0.0
            for start in range(0, data.rows, _BATCH):
                batch = np.ascontiguousarray(data.inputs[start : start + _BATCH])
                total += float((batch[:, :3].sum(axis=1) - data.targets[start : start + _BATCH, 0]).sum())
            found |= {"batches_s": time.perf_counter() - begun, "difference": abs(total)}
    # Cancel is heard at the next word: the longest silence is the longest wait.
    return found | {"said": said, "longest_silence_s": longest, "largest_mb": used() - before}


def left_behind(cache: Path) -> list[str]:
    return [str(file) for file in cache.rglob("*") if file.suffix in (".tmp", ".npy")]


def run(path: Path, stop_at: float, cache: Path) -> dict[str, float]:
    """A child process with its own memory figures."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.long.big_table", "--child", str(path), "--stop-at", str(stop_at)],
        capture_output=True,
        text=True,
        env={**os.environ, "NNSTUDIO_CACHE": str(cache)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--columns", type=int, default=10)
    asked.add_argument("--format", choices=("csv", "parquet"), default="csv")
    asked.add_argument("--folder", default=None)
    asked.add_argument("--child", default="", help=argparse.SUPPRESS)
    asked.add_argument("--stop-at", type=float, default=1.0, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.stop_at)))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        place, cache = Path(folder) / f"big.{given.format}", Path(folder) / "cache"
        begun = time.perf_counter()
        write(place, given.rows, given.columns)
        print(f"written: {place.stat().st_size / 1e9:.2f} GB in {time.perf_counter() - begun:.1f} s", flush=True)
        for stop_at in (0.25, 0.75):
            found = run(place, stop_at, cache)
            assert not left_behind(cache), left_behind(cache)
            print(f"stopped at {stop_at:g}: {_shown(found)}", flush=True)
            assert found["heard_after_s"] < 0.5 and found["longest_silence_s"] < 0.5
        for words in ("read", "read again from what was kept"):
            found = run(place, 1.0, cache)
            print(f"{words}: {_shown(found)}", flush=True)
            assert found["rows"] == given.rows and found["difference"] < 1e-3 and found["longest_silence_s"] < 0.5
            assert found["read_mb"] < 1500


def _shown(found: dict[str, float]) -> str:
    return ", ".join(
        f"{name} {value:,.3g}" if value < 1000 else f"{name} {value:,.0f}" for name, value in found.items()
    )


if __name__ == "__main__":
    main()
