"""`nnstudio evaluate`: loss and metrics with the weights in the file."""

from __future__ import annotations

from argparse import Namespace

from nnstudio.cli import project_file
from nnstudio.cli.output import figures, say, say_json
from nnstudio.cli.refusal import GOOD


def run(line: Namespace) -> int:
    """Measure on the training part and on the test part."""
    trained = project_file.trained(line.file)
    measured = trained.evaluate()
    if line.json:
        say_json({"epoch": trained.epoch, "step": trained.step, **measured})
        return GOOD
    for part in ("train", "test"):
        say(f"{part:5}  {figures(measured[part]) or 'no rows'}")
    return GOOD
