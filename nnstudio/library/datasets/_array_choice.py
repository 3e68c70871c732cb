"""Which arrays of a file are read, and Python that reads the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from nnstudio.library.datasets._array_files import Stored, stored
from nnstudio.library.datasets._array_names import Pair, guessed, partner


@dataclass(frozen=True, eq=False)
class Choice:
    """What is read.

    Attributes:
        inputs: one array, or one for each part.
        targets: as many; none where the last column of the inputs is the target.
        parts: which part each array is; empty where the rows are not divided.
        source: Python that reads them as `X` and `y`.
    """

    inputs: tuple[Stored, ...]
    targets: tuple[Stored, ...]
    parts: tuple[int, ...]
    source: str
    notices: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows of each array."""
        return tuple(array.rows for array in self.inputs)

    @property
    def shown_targets(self) -> str:
        """What sentences call the targets."""
        return self.targets[0].shown if self.targets else f"the last column of {self.inputs[0].shown}"


def choose(path: Path, inputs: str, targets: str, targets_path: str) -> Choice:
    """The arrays to read from a file, by name where names are given.

    Raises:
        ValueError: it cannot be told which, or they do not fit each other; one sentence.
        OSError: a file cannot be read.
    """
    found = stored(path)
    chosen = _of_array(path, found[""], targets_path) if "" in found else _of_archive(path, found, inputs, targets)
    for array in (*chosen.inputs, *chosen.targets):
        if not array.shape:
            raise ValueError(f"{array.shown} is a single number. Choose an array with rows.")
    for given, wanted in zip(chosen.inputs, chosen.targets, strict=bool(chosen.targets)):
        if given.rows != wanted.rows:
            raise ValueError(
                f"{given.shown} has {given.rows:,} rows, but {wanted.shown} has {wanted.rows:,}. "
                "Choose arrays with the same number of rows."
            )
    if not sum(chosen.rows):
        raise ValueError(f"{chosen.inputs[0].shown} has no rows. Choose another array.")
    return chosen


def _of_array(path: Path, inputs: Stored, targets_path: str) -> Choice:
    reading = f"X = np.load({str(path)!r}, allow_pickle=False)\n"
    if not targets_path:
        return _with_last_column(inputs, reading)
    other = Path(targets_path)
    if not other.is_file():
        raise ValueError(f"{other.name} with the targets is not in {other.parent}. Choose it in the Data panel.")
    targets = stored(other)
    if "" not in targets:
        raise ValueError(f"{other.name} has several arrays. Choose an NPY file for the targets.")
    reading += f"y = np.load({str(other)!r}, allow_pickle=False)\n"
    return Choice((inputs,), (targets[""],), (), reading)


def _with_last_column(only: Stored, reading: str) -> Choice:
    if len(only.shape) != 2 or only.shape[1] < 2:
        raise ValueError(
            f"{only.shown} has the shape {only.shape}, so its last column cannot be the target. "
            "Choose an array or a file with the targets too."
        )
    said = f"The last column of {only.shown} is taken as the target."
    return Choice((only,), (), (), f"{reading}X, y = X[:, :-1], X[:, -1]\n", (said,))


def _of_archive(path: Path, found: dict[str, Stored], inputs: str, targets: str) -> Choice:
    names = list(found)
    listed = ", ".join(f"{name} {found[name].shape}" for name in names[:12]) + (", …" if len(names) > 12 else "")
    for name in filter(None, (inputs, targets)):
        if name not in found:
            raise ValueError(f"{path.name} has no array called {name}; it has {listed}. Choose one of these.")
    opened = f"with np.load({str(path)!r}, allow_pickle=False) as arrays:\n"
    if len(found) == 1 and not targets:
        return _with_last_column(found[names[0]], f"{opened}    X = arrays[{names[0]!r}]\n")
    pairs = _pairs(found, inputs, targets)
    if not pairs or not all(one and other for _, one, other in pairs):
        raise ValueError(f"{path.name} has {listed}. Choose which are the inputs and which the targets.")
    notices: tuple[str, ...] = ()
    if not (inputs and targets):
        said = "; ".join(f"{one} as inputs and {other} as targets" for _, one, other in pairs)
        notices = (f"Read from {path.name}: {said}.",)
    chosen = (tuple(found[one] for _, one, _ in pairs), tuple(found[other] for _, _, other in pairs))
    lines = "".join(f"    {name} = {_read(arrays)}\n" for name, arrays in zip("Xy", chosen, strict=True))
    parts = tuple(part for part, _, _ in pairs if part is not None)
    return Choice(chosen[0], chosen[1], parts if len(parts) > 1 else (), opened + lines, notices)


def _read(arrays: tuple[Stored, ...]) -> str:
    each = [f"arrays[{array.member!r}]" for array in arrays]
    return each[0] if len(each) == 1 else f"np.concatenate([{', '.join(each)}])"


def _pairs(found: dict[str, Stored], inputs: str, targets: str) -> list[Pair]:
    names = list(found)
    if inputs:
        return [(None, inputs, targets or partner(names, inputs, wanted_inputs=False))]
    if targets:
        return [(None, partner(names, targets, wanted_inputs=True), targets)]
    return guessed(names) or _by_shape(list(found.values()))


def _by_shape(arrays: list[Stored]) -> list[Pair]:
    """Two arrays with as many rows: the one of texts, or with fewer numbers in a row, is the target."""
    if len(arrays) != 2 or any(not array.shape for array in arrays):
        return []
    smaller, larger = sorted(arrays, key=lambda array: (array.dtype.kind not in "US", math.prod(array.shape)))
    alike = smaller.shape == larger.shape and smaller.dtype.kind not in "US"
    return [] if alike or smaller.rows != larger.rows else [(None, larger.member, smaller.member)]
