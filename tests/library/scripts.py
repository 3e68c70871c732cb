"""The source that a dataset writes, run as a script in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnstudio.core.kinds import Dataset

_RUNNER = """
import runpy
import sys
import numpy as np
for place in sys.argv[1:]:
    made = runpy.run_path(place)
    arrays = {name: np.ascontiguousarray(made[name]) for name in ("X", "y", "parts", "groups", "times") if name in made}
    np.savez(place + ".npz", **arrays)
assert "nnstudio" not in sys.modules and "torch" not in sys.modules
"""


def run(sources: Sequence[str], folder: Path) -> list[dict[str, np.ndarray]]:
    """What each source defines: X, y and perhaps parts, groups and times."""
    files = [folder / f"source_{number}.py" for number in range(len(sources))]
    for file, source in zip(files, sources, strict=True):
        file.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _RUNNER, *map(str, files)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    found = []
    for file in files:
        with np.load(f"{file}.npz", allow_pickle=False) as arrays:
            found.append(dict(arrays))
    return found


def assert_the_same(datasets: Sequence[Dataset], folder: Path) -> None:
    """Each dataset's source makes what the dataset loads, to the last bit."""
    for dataset, made in zip(datasets, run([one.source() for one in datasets], folder), strict=True):
        data = dataset.load()
        assert made["X"].dtype == data.inputs.dtype and made["y"].dtype == data.targets.dtype, dataset
        assert (
            made["X"].tobytes() == np.ascontiguousarray(data.inputs).tobytes() and made["X"].shape == data.inputs.shape
        )
        assert np.array_equal(made["y"], data.targets), dataset
        if data.parts is None:
            assert "parts" not in made
        else:
            assert np.array_equal(made["parts"], data.parts) and made["parts"].dtype == np.int8
        for name in ("groups", "times"):
            wanted = getattr(data, name)
            assert (wanted is None) == (name not in made), (dataset, name)
            assert wanted is None or (np.array_equal(made[name], wanted) and made[name].dtype == wanted.dtype)
