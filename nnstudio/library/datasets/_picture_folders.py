"""Folders of pictures: which files there are, in which class and which part."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nnstudio.core.reading import tell
from nnstudio.library.datasets._array_names import PART_NAMES
from nnstudio.library.datasets._pictures import SUFFIXES, Picture, named, readable

_IGNORED = ("thumbs.db", "desktop.ini", "__macosx")


@dataclass
class Folder:
    """What was found in a folder.

    Attributes:
        root: the folder that all names begin in.
        files: in the order of the parts, the classes and their names.
        of_class: the class of each file.
        parts: the part of each file: 0 training, 1 validation, 2 testing; None where the folder has no parts.
        places: the folders of the parts, in their order.
        classes: those with files, sorted.
    """

    root: Path
    files: list[Picture] = field(default_factory=list)
    of_class: list[str] = field(default_factory=list)
    parts: list[int] | None = None
    places: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    notices: list[str] = field(default_factory=list)


def list_pictures(folder: Any) -> list[Any]:
    """All files under a folder, sorted, but hidden ones; links to folders are not followed."""
    ignored = ("thumbs.db", "desktop.ini", "__macosx")
    found = [
        (file.relative_to(folder).as_posix(), file)
        for file in folder.rglob("*")
        if file.is_file()
        and not any(part.startswith(".") or part.lower() in ignored for part in file.relative_to(folder).parts)
    ]
    return [file for _, file in sorted(found)]


def looked_through(path: Path) -> Folder:
    """The pictures of a folder.

    Raises:
        ValueError: there are no classes of pictures in it; one sentence.
        OSError: it cannot be read.
    """
    if not path.is_dir():
        raise ValueError(f"{path.name} is not a folder. Choose a folder that has one folder for each class.")
    inside, loose = _entries(path)
    found = Folder(path)
    places = sorted(
        (name for name in inside if name.lower() in PART_NAMES), key=lambda name: (PART_NAMES[name.lower()], name)
    )
    empty: list[str] = []
    parted = len(places) == len(inside)  # "test" beside "cat" is a class like any other
    if parted and len(places) == 1 and _entries(path / places[0])[0]:  # "train" alone, with the classes in it
        return looked_through(path / places[0])
    if parted and len({PART_NAMES[name.lower()] for name in places}) > 1:
        found.parts, found.places = [], tuple(places)
        for place in places:
            classes, beside = _entries(path / place)
            loose += [f"{place}/{name}" for name in beside]
            for name in classes:
                _add(found, path, f"{place}/{name}", name, PART_NAMES[place.lower()], empty)
    else:
        for name in inside:
            _add(found, path, name, name, None, empty)
    found.classes = tuple(sorted(set(found.of_class)))
    if not found.files:
        words = "has pictures, but no folders" if _pictures(loose) else "has no pictures in folders"
        raise ValueError(
            f"{path.name} {words}. Choose a folder that has one folder for each class, with the pictures in these."
        )
    _say(found, empty, loose)
    return found


def _entries(path: Path) -> tuple[list[str], list[str]]:
    """The folders (links to folders too) and the other files in a folder, sorted; hidden ones are not seen."""
    folders: list[str] = []
    files: list[str] = []
    here = os.path.realpath(path)
    with os.scandir(path) as entries:
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            if not entry.is_dir():
                files.append(entry.name)
            elif not os.path.join(here, "").startswith(os.path.join(os.path.realpath(entry.path), "")):
                folders.append(entry.name)  # and not a link to this folder, or to one that it is in
    return sorted(folders), sorted(files)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _IGNORED


def _add(found: Folder, root: Path, place: str, name: str, part: int | None, empty: list[str]) -> None:
    """All files under the folder of a class; links to folders inside it are not followed, so there is no circle."""
    start, files = root / place, []
    for here, folders, names in os.walk(start, onerror=_refuse):
        tell(None, f"Looking through {root.name}")
        folders[:] = [folder for folder in folders if not _is_hidden(folder)]
        within = Path(here).relative_to(start)
        files += [(within / file).as_posix() for file in names if not _is_hidden(file)]
    if not files:
        empty.append(place)
    for file in sorted(files):
        found.files.append(Picture(readable(f"{place}/{file}"), start / file))
        found.of_class.append(name)
        if found.parts is not None and part is not None:
            found.parts.append(part)


def _refuse(error: OSError) -> None:
    raise ValueError(
        f"The folder {Path(error.filename or '').name} cannot be read: {error.strerror}. Allow it, or take it away."
    )


def _pictures(names: list[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(SUFFIXES)]


def _say(found: Folder, empty: list[str], loose: list[str]) -> None:
    if empty:
        found.notices.append(
            named("There is no picture in " + ("a folder" if len(empty) == 1 else "some folders"), empty)
        )
    if beside := _pictures(loose):
        found.notices.append(named("Pictures beside the folders of the classes are not read", beside))
    if alike := _differ_in_case(list(found.classes)):
        found.notices.append(named("Two classes differ in capital letters alone", alike))
    if alike := _differ_in_case([file.name for file in found.files]):
        found.notices.append(named("Two files differ in capital letters alone; some systems take them for one", alike))
    if len(found.classes) == 1:
        found.notices.append(f"There is one class alone, {found.classes[0]}: there is nothing to tell apart.")
    if found.parts is not None:
        known = {name for name, part in zip(found.of_class, found.parts, strict=True) if part == 0}
        if strange := sorted(set(found.classes) - known):
            found.notices.append(named("There is no picture for training in", strange))


def _differ_in_case(names: list[str]) -> list[str]:
    """Those that another one equals but for capital letters, both in one text."""
    seen: dict[str, str] = {}
    found = []
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            found.append(f"{other} and {name}")
    return found
