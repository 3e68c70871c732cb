"""`nnstudio new`: a project file from an example."""

from __future__ import annotations

import difflib
from argparse import Namespace
from pathlib import Path

from nnstudio.cli import project_file
from nnstudio.cli.examples import examples
from nnstudio.cli.output import say
from nnstudio.cli.refusal import GOOD, Refusal
from nnstudio.core import storage


def run(line: Namespace) -> int:
    """Write the file; one that is there is only replaced when that was asked for."""
    known = examples()
    if line.example not in known:
        alike = difflib.get_close_matches(line.example, known, 1)
        hint = f" Did you mean {alike[0]}?" if alike else ""
        raise Refusal(f"There is no example called {line.example!r}.{hint} nnstudio examples lists them.")
    path = Path(line.file)
    if path.exists() and not line.force:
        raise Refusal(f"{line.file} is there already; choose another name, or replace it with --force.")
    project_file.check_place(path)
    project = storage.project_from_json(known[line.example], f"{line.example}.json")
    project_file.write(path, project)
    say(f"{line.file}: {project.title}. {project.sentence}")
    return GOOD
