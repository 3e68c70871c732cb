"""`nnstudio export`: the project as a file that other programs take."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from nnstudio.cli import project_file
from nnstudio.cli.output import complain, say, say_json
from nnstudio.cli.refusal import GOOD, PROBLEMS, Refusal
from nnstudio.engine.compiler import GraphError
from nnstudio.engine.export.formats import FORMATS

# What to do with the source, by its format.
_USES = {
    "python": "run it with: python FILE",
    "torchrun": "run it with: torchrun --nproc-per-node N FILE",
    "module": "import Network from it",
}


def run(line: Namespace) -> int:
    """Write the file, whole or not at all."""
    stored = project_file.read(line.file)
    for notice in stored.notices:
        complain(notice)
    path = Path(line.out)
    project_file.check_place(path, line.file)
    form = FORMATS[line.to]
    try:
        made = form.write(stored.project, stored.checkpoint, lambda step: None)
    except GraphError as error:
        raise project_file.problems_refusal(line.file, list(error.problems)) from error
    except ValueError as error:
        raise Refusal(f"{line.file}: {error}", PROBLEMS) from error
    project_file.write_bytes(path, made.content)
    if line.json:
        say_json({"file": line.out, "format": line.to, "bytes": len(made.content), "notices": list(made.notices)})
        return GOOD
    if line.to in _USES:
        lines = made.content.count(10)  # the byte of a line's end
        say(f"{line.out}: {lines} lines; {_USES[line.to].replace('FILE', line.out)}")
    else:
        say(f"{line.out}: {form.title}, {len(made.content):,} bytes")
    for notice in made.notices:
        complain(notice)
    return GOOD
