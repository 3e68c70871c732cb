"""MNIST's own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.sources import FileDataset, fingerprint
from nnstudio.core.spec import field
from nnstudio.library.datasets import _arrays
from nnstudio.library.datasets._idx import IdxFile, divided, first_images, idx_file, partner
from nnstudio.library.datasets._targets import Targets, refuse_not_a_number, understood

_READER = '''def read_idx(path):
    """The array in an IDX file, which may be packed."""
    with open(path, "rb") as file:
        content = file.read()
    if content[:2] == b"\\x1f\\x8b":
        content = gzip.decompress(content)
    kind = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}[content[2]]
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, kind, offset=4 + 4 * content[3]).reshape(shape)
'''


class IdxImages(
    FileDataset,
    category="Own data",
    title="IDX images",
    suffixes=(".gz", ".idx3-ubyte", ".idx"),
    aliases=("mnist", "fashion", "emnist", "ubyte"),
):
    """Images and labels in the format of MNIST: train-images-idx3-ubyte, with train-labels-idx1-ubyte beside it."""

    both: bool = field(True, "Read the training and the test files that lie beside each other, as two parts.")

    def load(self) -> Data:
        files, targets = self._decided()
        shape, dtype = _inputs(files)
        large = sum(images.rows for _, images, _ in files) * int(np.prod(shape)) * dtype.itemsize
        key = ""
        if large > _arrays.LARGEST_IN_MEMORY:
            key = "IdxImages " + " ".join(fingerprint(images.path) for _, images, _ in files)
        rows = sum(images.rows for _, images, _ in files)
        inputs = _arrays.gathered(key, rows, shape, dtype, _pieces(files, shape, dtype), {})
        parts = None
        if len(files) > 1:
            parts = np.repeat(
                np.array([part for part, _, _ in files], np.int8), [images.rows for _, images, _ in files]
            )
        return Data(
            inputs,
            targets.values,
            "classification",
            tuple(f"x{place + 1}" for place in range(shape[0])) if len(shape) == 1 else (),
            targets.class_names,
            "label",
            parts=parts,
            notices=targets.notices,
        )

    def source(self) -> str:
        files, targets = self._decided()
        shape, dtype = _inputs(files)
        each = [
            [f"read_idx({str(file.path)!r})" for file in column]
            for column in zip(*(row[1:] for row in files), strict=True)
        ]
        lines = [
            f"{name} = {read[0]}" if len(read) == 1 else f"{name} = np.concatenate([{', '.join(read)}])"
            for name, read in zip("Xy", each, strict=True)
        ]
        lines.append(f"X = X.reshape(len(X), {', '.join(map(str, shape))}).astype(np.{dtype.name})")
        lines += targets.lines
        if len(files) > 1:
            rows = [images.rows for _, images, _ in files]
            lines.append(f"parts = np.repeat(np.array({[part for part, _, _ in files]}, np.int8), {rows})")
        return f"import gzip\n\nimport numpy as np\n\n\n{_READER}\n\n" + "\n".join(lines) + "\n"

    def _decided(self) -> tuple[list[tuple[int, IdxFile, IdxFile]], Targets]:
        """The part, the images and the labels of each part, and all labels understood."""
        path = self.located()
        path = first_images(path) if path.is_dir() else path
        # Of an embedded file, what belongs to it lies where the file was.
        chosen = path if Path(self.path).is_dir() else Path(self.path)
        files = []
        for part, place in (divided(chosen) if self.both else []) or [(0, chosen)]:
            images, labels = idx_file(path if place == chosen else place), idx_file(partner(place))
            if len(labels.shape) != 1 or labels.dtype.kind not in "iu":
                raise ValueError(
                    f"{labels.path.name} holds no labels: its shape is {labels.shape}. Choose other files."
                )
            if images.rows != labels.rows:
                raise ValueError(
                    f"{images.path.name} has {images.rows:,} images, but {labels.path.name} {labels.rows:,} labels. "
                    "Get files that belong together."
                )
            files.append((part, images, labels))
        if len({images.shape[1:] for _, images, _ in files}) > 1:
            listed = " and ".join(f"{images.path.name} {images.shape}" for _, images, _ in files)
            raise ValueError(f"The images of the two parts have different sizes: {listed}. Read one part alone.")
        y = np.concatenate([labels.whole() for _, _, labels in files])
        return files, understood(y, "classification", files[0][2].path.name)


def _inputs(files: list[tuple[int, IdxFile, IdxFile]]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape of a row and the type of its numbers."""
    given = files[0][1].shape[1:]
    shape = {0: (1,), 2: (1, *given)}.get(len(given), given)
    dtypes = {images.dtype for _, images, _ in files}
    if dtypes == {np.dtype("u1")}:
        return shape, np.dtype(np.uint8)
    small = all(dtype.itemsize <= 2 or dtype == np.dtype(">f4") for dtype in dtypes)
    return shape, np.dtype(np.float32 if small else np.float64)


def _pieces(
    files: list[tuple[int, IdxFile, IdxFile]], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Iterator[np.ndarray]:
    for _, images, _ in files:
        first = 0
        for piece in images.pieces():
            refuse_not_a_number(piece.reshape(len(piece), -1), images.path.name, first)
            first += len(piece)
            yield piece.reshape(len(piece), *shape).astype(dtype)
