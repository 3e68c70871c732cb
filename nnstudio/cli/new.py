"""`nnstudio new`: a project file from an example, or from a file of data with a network that suits it."""

from __future__ import annotations

import difflib
import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnstudio.cli import project_file
from nnstudio.cli.examples import examples
from nnstudio.cli.output import complain, say
from nnstudio.cli.refusal import GOOD, Refusal
from nnstudio.core import storage

if TYPE_CHECKING:
    from nnstudio.core.project import Project
    from nnstudio.core.sources import FileDataset


def run(line: Namespace) -> int:
    """Write the file; one that is there is only replaced when that was asked for."""
    if bool(line.data) == bool(line.example):
        raise Refusal("Name an example, or a file of data with --data; nnstudio examples lists the examples.")
    if (line.kind or line.set) and not line.data:
        raise Refusal("--as and --set say how a file of data is read; give one with --data.")
    path = Path(line.file)
    if path.exists() and not line.force:
        raise Refusal(f"{line.file} is there already; choose another name, or replace it with --force.")
    project_file.check_place(path)
    project = _from_data(line) if line.data else _from_example(line.example)
    project_file.write(path, project)
    say(f"{line.file}: {project.title}. {project.sentence}")
    return GOOD


def _from_example(name: str) -> Project:
    known = examples()
    if name not in known:
        alike = difflib.get_close_matches(name, known, 1)
        hint = f" Did you mean {alike[0]}?" if alike else ""
        raise Refusal(f"There is no example called {name!r}.{hint} nnstudio examples lists them.")
    return storage.project_from_json(known[name], f"{name}.json")


def _from_data(line: Namespace) -> Project:
    """Read the data as its name says, or as `--as` says, and draw a network to begin with."""
    from nnstudio.core.sources import fingerprint
    from nnstudio.engine.data import load
    from nnstudio.engine.starters import starter_project

    path = Path(line.data)
    kind = _kind(path, line.kind)
    try:
        dataset = kind(path=str(path.absolute()), sha256=fingerprint(path), **_settings(kind, line.set))
        data = load(dataset)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None)
        raise Refusal(f"{line.data} cannot be read: {reason}." if reason else str(error)) from error
    for notice in data.notices:
        complain(notice)
    project = starter_project(dataset, data, title=path.stem.replace("_", " ") or "Own data")
    what = f"{data.classes} classes" if data.task == "classification" else f"the number {data.target_name}"
    shape = " × ".join(map(str, data.input_type.shape))
    return project.with_sentence(f"{data.rows:,} rows of {shape} numbers, to predict {what}.")


def _kind(path: Path, name: str | None) -> type[FileDataset]:
    import nnstudio.library  # noqa: F401  (registers the datasets)
    from nnstudio.core.data_files import fitting, no_fit, readers

    if name is None:
        found = fitting(path)
        if not found:
            raise Refusal(no_fit(path))
        return found[0]
    known = {kind.__name__: kind for kind in readers()}
    if name not in known:
        raise Refusal(f"--as needs one of {', '.join(sorted(known))}, but got {name!r}.")
    return known[name]


def _settings(kind: type[FileDataset], given: list[str]) -> dict[str, Any]:
    """The settings of `--set NAME=VALUE`: a value is JSON, or else a text; texts of a list are parted by commas."""
    settings = {setting.name: setting for setting in kind.settings()}
    found: dict[str, Any] = {}
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals or name not in settings or name in ("path", "sha256"):
            names = ", ".join(name for name in settings if name not in ("path", "sha256"))
            raise Refusal(f"--set needs NAME=VALUE with a setting of {kind.__name__} ({names}), but got {pair!r}.")
        setting = settings[name]
        if tuple[str, ...] in setting.alternatives:
            found[name] = tuple(part.strip() for part in text.split(",") if part.strip())
            continue
        try:
            found[name] = text if setting.alternatives == {str} else json.loads(text)
        except ValueError:
            found[name] = text
        if found[name] is None and setting.optional:
            continue
        if isinstance(found[name], list):
            found[name] = tuple(found[name])
    return found
