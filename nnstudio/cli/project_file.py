"""Project files as commands read and write them: every failure is a sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import nnstudio.library  # noqa: F401  (registers what a file may name)
from nnstudio.cli.output import complain
from nnstudio.cli.refusal import PROBLEMS, WRONG_USE, Refusal
from nnstudio.core import storage
from nnstudio.core.blocks import title_at
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.core.storage import Stored
from nnstudio.engine.run import Run, RunError

if TYPE_CHECKING:
    from nnstudio.engine.distributed.world import World


def read(file: str) -> Stored:
    """What a project file holds. Raises Refusal."""
    try:
        return storage.read(file)
    except storage.StorageError as error:
        raise Refusal(str(error)) from error


def write(path: Path, project: Project, checkpoint: Checkpoint | None = None, picture: bytes = b"") -> None:
    """Replace a project file at once and whole. Raises Refusal."""
    try:
        notices = storage.write(path, project, checkpoint, picture)
    except storage.StorageError as error:
        raise Refusal(str(error)) from error
    for notice in notices:
        complain(notice)


def write_text(path: Path, text: str) -> None:
    """Replace a text file at once and whole. Raises Refusal."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file at once and whole. Raises Refusal."""
    try:
        storage.replace_file(path, content)
    except OSError as error:
        raise Refusal(f"{path} could not be written: {error.strerror or error}.") from error


def check_place(path: Path, *inputs: str) -> None:
    """Refuse a place that cannot be written to, before any work is done; none of the inputs is written over."""
    folder = path.parent
    if path.is_dir():
        raise Refusal(f"{path} is a folder, not a file.")
    if not folder.is_dir():
        raise Refusal(f"{path} cannot be written: there is no folder {folder}.")
    if not os.access(folder, os.W_OK):
        raise Refusal(f"{path} cannot be written: the folder {folder.resolve()} is read-only.")
    if path.exists() and not path.is_file():
        raise Refusal(f"{path} cannot be written: it is a device or a pipe, not a file.")
    if path.exists() and not os.access(path, os.W_OK):
        raise Refusal(f"{path} cannot be written: it is read-only.")
    for file in inputs:
        if path.exists() and Path(file).exists() and path.samefile(file):
            raise Refusal(f"{path} is what is read from; write to another file.")


def trained(file: str) -> Run:
    """The Run of a project file that has weights, all of them. Raises Refusal."""
    stored = read(file)
    if stored.checkpoint is None and stored.notices:
        raise Refusal(stored.notices[-1], WRONG_USE)  # that the weights are damaged comes last
    for notice in stored.notices:
        complain(notice)
    if stored.checkpoint is None:
        raise Refusal(f"{file} has no weights yet; train it first: nnstudio train {file}", PROBLEMS)
    run = start(file, stored.project, stored.checkpoint)
    for path, own in run.network.states_by_node().items():
        if own and path not in run.kept:
            title = title_at(stored.project.graph, path)
            sentence = f"{title} was changed after the training and has no weights; train again: nnstudio train {file}"
            raise Refusal(sentence, PROBLEMS)
    return run


def start(file: str, project: Project, checkpoint: Checkpoint | None, world: World | None = None) -> Run:
    """A Run. Raises Refusal with the first of its problems."""
    try:
        return Run(project, checkpoint, world)
    except RunError as error:
        raise problems_refusal(file, list(error.problems)) from error


def problems_refusal(file: str, problems: list[Problem]) -> Refusal:
    """The first problem as a sentence, and how many more there are."""
    more = len(problems) - 1
    rest = f" ({more} more: nnstudio check {file})" if more else ""
    return Refusal(f"{file}: {problems[0].message}{rest}", PROBLEMS)
