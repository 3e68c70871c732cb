"""The project file: one zip of JSON and safetensors, read as data and never as code.

Format 1 holds, in this order:

    mimetype               stored, first, so that systems know the file without its ending
    project.json           what the person decided
    checkpoint.json        where the training stands, and its records; absent before the first training
    weights.safetensors    the state_dict, under the names that the network's modules have
    state.safetensors      optimizer, random state, step losses
    data.safetensors       the bytes of embedded files of data; absent where there are none
    picture.png            the window when it was saved, for the gallery
    manifest.json          SHA-256 of every other entry

Nothing is unpacked to disk. A file is refused whole when it is not exactly of this kind; when only the numbers are
damaged, the drawing opens without them and the damage is said. Writing replaces the old file in one step.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnstudio.core import checkpoint_entries, container, embedded, json_text, project_json
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.container import MIME_TYPE, ContainerError
from nnstudio.core.json_text import finite
from nnstudio.core.project import Project
from nnstudio.core.project_json import FORMAT, graph_from_json, graph_to_json, project_to_json
from nnstudio.core.replacement import replace_file

__all__ = [
    "FORMAT",
    "MIME_TYPE",
    "SUFFIX",
    "StorageError",
    "Stored",
    "finite",
    "graph_from_json",
    "graph_to_json",
    "project_from_json",
    "project_to_json",
    "read",
    "read_picture",
    "replace_file",
    "to_bytes",
    "write",
]

SUFFIX = ".nnstudio"


class StorageError(Exception):
    """A project file that cannot be read or written: one sentence that names the file, the place and the reason."""


@dataclass(frozen=True, eq=False)
class Stored:
    """What a project file holds. `notices` are sentences on parts that were damaged and left out."""

    project: Project
    checkpoint: Checkpoint | None = None
    picture: bytes = b""
    notices: tuple[str, ...] = ()


def read(path: str | os.PathLike[str]) -> Stored:
    """Read a project file.

    Raises:
        StorageError: it cannot be read, is not a project, or is damaged where the drawing is.
    """
    name = _shown(path)
    entries, broken = _entries(path)
    try:
        broken |= _unlike_manifest(entries, broken)
        if "project.json" in broken:
            raise ContainerError("is damaged: project.json is not what was saved")
    except ContainerError as error:
        raise StorageError(f"{name} {error}.") from None
    notices: list[str] = []
    try:
        written = json_text.parse(entries["project.json"])
    except ValueError as error:
        raise StorageError(f"{name} is damaged: project.json cannot be read: {error}.") from None
    project = project_from_json(written, name, notices)
    project = embedded.with_whole_paths(project, os.path.dirname(os.path.abspath(path)))
    notices += embedded.take_out(project, entries.get(embedded.ENTRY), embedded.ENTRY in broken, name)
    checkpoint = None
    stored = [entry for entry in checkpoint_entries.ENTRIES if entry in entries or entry in broken]
    if stored:
        try:
            for entry in checkpoint_entries.ENTRIES:
                if entry in broken or entry not in entries:
                    raise ValueError(f"{entry} is damaged or absent")
            checkpoint = checkpoint_entries.from_entries(entries)
        except ValueError as error:
            notices.append(f"The weights in {name} were left out ({error}); the drawing and the settings are intact.")
    picture = b"" if "picture.png" in broken else entries.get("picture.png", b"")
    return Stored(project, checkpoint, picture, tuple(notices))


def read_picture(path: str | os.PathLike[str]) -> bytes:
    """Only the picture, for the gallery; empty when there is none or the file cannot be read."""
    try:
        return _entries(path, only=("picture.png",))[0].get("picture.png", b"")
    except StorageError:
        return b""


def project_from_json(written: Any, name: str = "project.json", notices: list[str] | None = None) -> Project:
    """The project that `project_to_json` wrote. A layer that cannot be made is kept as `Missing`.

    With a list for `notices`, wires that lead nowhere and parts that are unknown are left out and said there.

    Raises:
        StorageError: something other than a layer's name or settings is wrong.
    """
    try:
        return project_json.project_from_json(written, notices)
    except project_json.NewerFormat as error:
        raise StorageError(
            f"{name} was saved by a newer NN Studio ({error}). It was left untouched; open it with the newer program."
        ) from None
    except ValueError as error:
        raise StorageError(f"{name} cannot be opened: {error}.") from None


def write(
    path: str | os.PathLike[str], project: Project, checkpoint: Checkpoint | None = None, picture: bytes = b""
) -> tuple[str, ...]:
    """Write a project file in one atomic replacement: afterwards there is the new file, or the old one untouched.

    Gives a sentence on each embedded file of data that could not be taken along; all else is saved then too.

    Raises:
        StorageError: the place cannot be written to.
    """
    try:
        data, notices = _packed(project, checkpoint, picture, os.path.dirname(os.path.abspath(path)))
        replace_file(Path(path), data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        folder = _shown(os.path.dirname(os.path.abspath(path)), whole=True)
        raise StorageError(f"{_shown(path)} could not be saved in {folder}: {reason}. Nothing was changed.") from None
    return notices


def to_bytes(project: Project, checkpoint: Checkpoint | None = None, picture: bytes = b"") -> bytes:
    """The project file as bytes, with whole paths. Equal values give equal bytes.

    Raises:
        ValueError: it would be too large to be read again.
    """
    return _packed(project, checkpoint, picture)[0]


def _packed(
    project: Project, checkpoint: Checkpoint | None, picture: bytes, folder: str | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """The file's bytes, for this folder, and sentences on embedded files of data that are not in it."""
    project, data, notices = embedded.taken_along(project)
    if folder is not None:
        project = embedded.with_near_paths(project, folder)
    entries = {"mimetype": MIME_TYPE.encode(), "project.json": json_text.dump(project_to_json(project))}
    if checkpoint is not None:
        entries |= checkpoint_entries.to_entries(checkpoint)
    if data:
        entries[embedded.ENTRY] = data
    if picture:
        entries["picture.png"] = picture
    entries["manifest.json"] = json_text.dump({"sha256": {name: _sum(data) for name, data in entries.items()}})
    return container.pack(entries), notices


def _entries(path: str | os.PathLike[str], only: tuple[str, ...] | None = None) -> tuple[dict[str, bytes], set[str]]:
    name = _shown(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # asked before it is opened: to open a pipe would wait for ever
            raise StorageError(f"{name} is not a file.")
        with open(path, "rb") as file:
            return container.unpack(file, only)
    except ContainerError as error:
        raise StorageError(f"{name} {error}.") from None
    except (OSError, ValueError) as error:
        raise StorageError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _unlike_manifest(entries: Mapping[str, bytes], broken: set[str]) -> set[str]:
    """The entries whose content is not what the manifest says."""
    try:
        manifest = json_text.parse(entries["manifest.json"])
    except ValueError as error:
        raise ContainerError(f"is damaged: manifest.json cannot be read: {error}") from None
    sums = manifest.get("sha256") if isinstance(manifest, dict) else None
    if not isinstance(sums, dict) or sums.keys() != (entries.keys() | broken) - {"manifest.json"}:
        raise ContainerError("is damaged: manifest.json lists other entries than there are")
    return {name for name, data in entries.items() if name != "manifest.json" and sums[name] != _sum(data)}


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _shown(path: str | os.PathLike[str], whole: bool = False) -> str:
    """The name of a file in a sentence: on one line, and without marks that would turn the sentence round."""
    text = os.fspath(path) if whole else os.path.basename(os.fspath(path)) or os.fspath(path)
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)[:200]
