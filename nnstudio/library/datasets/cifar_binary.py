"""CIFAR's own files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.reading import tell
from nnstudio.core.sources import FileDataset, fingerprint
from nnstudio.core.spec import field
from nnstudio.library.datasets import _arrays

_PIXELS = 3 * 32 * 32
_LARGEST_NAMES = 1 << 20


@dataclass(frozen=True)
class _Files:
    """The files of a folder: which part each is, how many labels a row begins with, and the names of the classes."""

    batches: tuple[tuple[int, Path], ...]
    labels: int
    names: tuple[str, ...]

    def rows(self, path: Path) -> int:
        return path.stat().st_size // (self.labels + _PIXELS)


class CifarBinary(
    FileDataset, category="Own data", title="CIFAR binary files", suffixes=(".bin",), aliases=("cifar10", "cifar100")
):
    """CIFAR-10 or CIFAR-100 in the binary version: a folder with data_batch_1.bin and so on, or train.bin."""

    labels: str = field(
        "fine", "Which labels of CIFAR-100: its 100 classes, or the 20 groups of these.", choices=("fine", "coarse")
    )

    def load(self) -> Data:
        files = self._files()
        rows = [files.rows(path) for _, path in files.batches]
        facts: dict[str, list[int]] = {"labels": []}
        size = sum(rows) * _PIXELS
        key = ""
        if size > _arrays.LARGEST_IN_MEMORY:
            key = f"CifarBinary {self._column(files)} " + " ".join(fingerprint(path) for _, path in files.batches)
        pieces = self._pieces(files, facts["labels"])
        inputs = _arrays.gathered(key, sum(rows), (3, 32, 32), np.dtype(np.uint8), pieces, facts)
        targets = np.array(facts["labels"], np.int64)
        names = files.names or tuple(map(str, range(int(targets.max()) + 1)))
        parts = (
            np.repeat(np.array([part for part, _ in files.batches], np.int8), rows) if self._divided(files) else None
        )
        return Data(inputs, targets, "classification", (), names, "class", parts=parts)

    def source(self) -> str:
        files = self._files()
        listed = "".join(f"    {str(path)!r},\n" for _, path in files.batches)
        lines = [
            "import numpy as np",
            "",
            f"files = [\n{listed}]",
            f"read = [np.fromfile(file, np.uint8).reshape(-1, {files.labels + _PIXELS}) for file in files]",
            f"X = np.concatenate([rows[:, {files.labels}:].reshape(-1, 3, 32, 32) for rows in read])",
            f"y = np.concatenate([rows[:, {self._column(files)}] for rows in read]).astype(np.int64)",
        ]
        if self._divided(files):
            parts = [part for part, _ in files.batches]
            lines.append(f"parts = np.repeat(np.array({parts}, np.int8), [len(rows) for rows in read])")
        return "\n".join(lines) + "\n"

    def _column(self, files: _Files) -> int:
        """Which byte of a row is its label: CIFAR-100 has the group before the class."""
        return 1 if files.labels == 2 and self.labels == "fine" else 0

    def _divided(self, files: _Files) -> bool:
        return len({part for part, _ in files.batches}) > 1

    def _files(self) -> _Files:
        located = self.located()
        folder = located if located.is_dir() else Path(self.path).parent
        batches = [(0, path) for path in sorted(folder.glob("data_batch_*.bin"))]
        count, test, names = 1, "test_batch.bin", "batches.meta.txt"
        if not batches:
            batches = [(0, path) for path in folder.glob("train.bin")]
            count, test, names = 2, "test.bin", f"{self.labels}_label_names.txt"
        batches += [(2, path) for path in folder.glob(test)]
        if not batches:
            raise ValueError(
                f"{folder.name} has neither data_batch_1.bin (CIFAR-10) nor train.bin (CIFAR-100). "
                "Choose the folder with the binary version of CIFAR."
            )
        for _, path in batches:
            size, row = path.stat().st_size, count + _PIXELS
            if size == 0 or size % row:
                raise ValueError(
                    f"{path.name} has {size:,} bytes, which is no multiple of the {row:,} of one picture: "
                    "it is cut off, or another file. Get it again."
                )
        return _Files(tuple(batches), count, _names(folder / names))

    def _pieces(self, files: _Files, labels: list[int]) -> Iterator[np.ndarray]:
        column, row = self._column(files), files.labels + _PIXELS
        step = max(1, _arrays.PIECE // row)
        for _, path in files.batches:
            rows = files.rows(path)
            with open(path, "rb") as file:
                for first in range(0, rows, step):
                    tell(first / rows, f"Reading {path.name}")
                    found = np.fromfile(file, np.uint8, row * min(step, rows - first)).reshape(-1, row)
                    _look_at(found[:, column], files.names, path, first)
                    labels += found[:, column].tolist()
                    yield found[:, files.labels :].reshape(-1, 3, 32, 32)


def _look_at(labels: np.ndarray, names: tuple[str, ...], path: Path, first: int) -> None:
    if names and len(labels) and labels.max() >= len(names):
        row = int((labels >= len(names)).argmax())
        raise ValueError(
            f"Picture {first + row + 1} of {path.name} has the class {labels[row]}, but there are {len(names)} names "
            "of classes, counted from 0. Get the files again."
        )


def _names(path: Path) -> tuple[str, ...]:
    """The names of the classes, one in each line; none where there is no such file."""
    try:
        with open(path, "rb") as file:
            text = file.read(_LARGEST_NAMES).decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(line.strip() for line in text.splitlines() if line.strip())
