"""`nnstudio export`: the project as a program of its own."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from nnstudio.cli import project_file
from nnstudio.cli.output import complain, say
from nnstudio.cli.refusal import GOOD
from nnstudio.engine.compiler import GraphError
from nnstudio.engine.export.python import to_python


def run(line: Namespace) -> int:
    """Write the file, whole or not at all."""
    stored = project_file.read(line.file)
    for notice in stored.notices:
        complain(notice)
    path = Path(line.out)
    project_file.check_place(path, line.file)
    try:
        source = to_python(stored.project)
    except GraphError as error:
        raise project_file.problems_refusal(line.file, list(error.problems)) from error
    project_file.write_text(path, source)
    say(f"{line.out}: {source.count(chr(10))} lines; run it with: python {line.out}")
    return GOOD
