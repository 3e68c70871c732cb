"""Files of data that a project file carries itself, and how it names those that lie beside it.

The entry `data.safetensors` holds the bytes of each embedded file under its SHA-256. When a project is opened they are
held in memory (`nnstudio.core.sources.hold`), so that its datasets find them; when it is saved they are taken from
there, or from the file that was chosen.

A file in the folder of the project, or below it, is named from that folder on, so that the folder can be moved and
mailed. In memory every path is whole.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from safetensors.numpy import save as save_tensors

from nnstudio.core.project import Project
from nnstudio.core.sources import LARGEST_EMBEDDED, FileDataset, held, hold, locate
from nnstudio.core.spec import Spec
from nnstudio.core.tensors import read_tensors

ENTRY = "data.safetensors"
LARGEST_TOGETHER = 256 << 20  # bytes of all files that one project carries

_SUM = re.compile(r"[0-9a-f]{64}", re.ASCII)


def files_of(project: Project) -> Iterator[FileDataset]:
    """The datasets in the project's data that are read from files, those inside others too."""
    data = project.data
    for spec in (data.dataset, data.split, *data.augmentations):
        yield from _files_in(spec)


def why_not(dataset: FileDataset) -> str:
    """Why the file of this dataset cannot be kept in a project, in one sentence; empty when it can."""
    try:
        _content(dataset)
    except (ValueError, OSError) as error:
        return _sentence(dataset, error)
    return ""


def taken_along(project: Project) -> tuple[Project, bytes, tuple[str, ...]]:
    """The project with the sums of its embedded files, the entry with their bytes, and what could not be taken along.

    The entry is empty where there is none. The files are held from then on: they belong to the project now.
    """
    contents: dict[str, bytes] = {}
    notices: list[str] = []

    def take(dataset: FileDataset) -> FileDataset:
        if not dataset.embedded:
            return dataset
        try:
            content = _content(dataset)
            sha256 = hold(content)
            total = sum(len(other) for other in (contents | {sha256: content}).values())
            if total > LARGEST_TOGETHER:
                raise ValueError(f"the files of one project may have {_size(LARGEST_TOGETHER)} together")
        except (ValueError, OSError) as error:
            notices.append(_sentence(dataset, error))
            return dataset
        contents[sha256] = content
        return dataset.with_(sha256=sha256)

    project = _with_files(project, take)
    arrays = {name: np.frombuffer(content, np.uint8) for name, content in sorted(contents.items())}
    return project, save_tensors(arrays) if arrays else b"", tuple(notices)


def take_out(project: Project, entry: bytes | None, damaged: bool, name: str) -> list[str]:
    """Hold the embedded files of a project that was read; sentences on those that are not as they should be."""
    wanted: dict[str, str] = {}
    for dataset in files_of(project):
        if dataset.embedded and dataset.sha256:
            wanted.setdefault(dataset.sha256, _shown(dataset))
    arrays: Mapping[str, np.ndarray] = {}
    notices: list[str] = []
    reason = f"{ENTRY} is damaged" if damaged else ""
    if entry is not None and not damaged:
        try:
            arrays = read_tensors(entry, ENTRY)
        except ValueError as error:
            reason = str(error)
    if reason:
        return [f"The data in {name} was left out ({reason}); the drawing and the settings are intact."]
    for sha256, shown in wanted.items():
        wrong = _hold_checked(sha256, arrays.get(sha256))
        if wrong:
            notices.append(
                f"The copy of {shown} that {name} should hold {wrong}. If the data cannot be read, choose it again in "
                "the Data panel."
            )
    others = len(arrays.keys() - wanted.keys())
    if others:
        notices.append(f"{name} carries data that its drawing does not use; it was left out ({_files(others)}).")
    return notices


def _hold_checked(sha256: str, array: np.ndarray | None) -> str:
    """Hold one file if it is what its name says; otherwise what is wrong with it."""
    if array is None:
        return "is missing"
    if array.dtype != np.uint8 or array.ndim != 1:
        return "is not made of bytes, and was left out"
    if array.size > LARGEST_EMBEDDED:
        return f"is larger than {_size(LARGEST_EMBEDDED)}, and was left out"
    content = array.tobytes()
    if not _SUM.fullmatch(sha256) or hashlib.sha256(content).hexdigest() != sha256:
        return "is not what was saved, and was left out"
    hold(content)
    return ""


def _content(dataset: FileDataset) -> bytes:
    """The bytes of a dataset's file. Raises ValueError or OSError."""
    kept = held(dataset.sha256)
    if kept is not None:
        return kept
    path = locate(dataset.path, dataset.sha256)
    if path.is_dir():
        raise ValueError("it is a folder, and only single files can be kept in a project")
    with open(path, "rb") as file:
        content = file.read(LARGEST_EMBEDDED + 1)
    if len(content) > LARGEST_EMBEDDED:
        raise ValueError(f"it is larger than {_size(LARGEST_EMBEDDED)}, the most that a project keeps of one file")
    if dataset.sha256 and hashlib.sha256(content).hexdigest() != dataset.sha256:
        raise ValueError("it was changed while it was read")
    return content


# -- paths -------------------------------------------------------------------------------------------------------------


def with_near_paths(project: Project, folder: str) -> Project:
    """The project as it is written into a file in this folder: what lies in the folder is named from there on."""

    def near(dataset: FileDataset) -> FileDataset:
        if not dataset.path or _is_foreign(dataset.path):
            return dataset
        whole, home = os.path.abspath(dataset.path), os.path.abspath(folder)
        try:
            inside = os.path.commonpath([whole, home]) == home and whole != home
        except ValueError:  # on two drives
            inside = False
        return dataset.with_(path=Path(os.path.relpath(whole, home)).as_posix() if inside else whole)

    return _with_files(project, near)


def with_whole_paths(project: Project, folder: str) -> Project:
    """The project as it is in memory after it was read from a file in this folder."""

    def whole(dataset: FileDataset) -> FileDataset:
        if not dataset.path or os.path.isabs(dataset.path) or _is_foreign(dataset.path):
            return dataset
        return dataset.with_(path=os.path.normpath(os.path.join(os.path.abspath(folder), dataset.path)))

    return _with_files(project, whole)


def _is_foreign(path: str) -> bool:
    """Whether it is a whole path of another system, which says nothing here."""
    return not os.path.isabs(path) and (PureWindowsPath(path).is_absolute() or PurePosixPath(path).is_absolute())


# -- the datasets in a project -----------------------------------------------------------------------------------------


def _files_in(spec: Spec | None) -> Iterator[FileDataset]:
    if isinstance(spec, FileDataset):
        yield spec
    for setting in spec.settings() if spec is not None else ():
        value = getattr(spec, setting.name)
        if isinstance(value, Spec):
            yield from _files_in(value)


def _with_files(project: Project, change: Callable[[FileDataset], FileDataset]) -> Project:
    """The project with each of these datasets changed; the same object where nothing changes."""
    data = project.data
    dataset, split = _changed(data.dataset, change), _changed(data.split, change)
    augmentations = tuple(_changed(item, change) for item in data.augmentations)
    found = replace(data, dataset=dataset, split=split, augmentations=augmentations)  # type: ignore[arg-type]
    return project if found == data else replace(project, data=found)


def _changed(spec: Spec | None, change: Callable[[FileDataset], FileDataset]) -> Spec | None:
    if spec is None:
        return None
    inner = {setting.name: getattr(spec, setting.name) for setting in spec.settings()}
    changes = {name: _changed(value, change) for name, value in inner.items() if isinstance(value, Spec)}
    if any(changes[name] is not inner[name] for name in changes):
        spec = spec.with_(**changes)
    return change(spec) if isinstance(spec, FileDataset) else spec


# -- words -------------------------------------------------------------------------------------------------------------


def _sentence(dataset: FileDataset, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return f"{_shown(dataset)} cannot be kept in the project: {reason.rstrip('.')}."


def _shown(dataset: FileDataset) -> str:
    """The name of its file in a sentence: on one line, and without marks that would turn the sentence round."""
    name = dataset.path.replace("\\", "/").rstrip("/").rpartition("/")[2] or "the data"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)[:100]


def _size(size: int) -> str:
    return f"{size >> 20} MB"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
