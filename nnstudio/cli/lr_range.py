"""`nnstudio lr-range`: which learning rates a project learns with. The file is left as it is."""

from __future__ import annotations

import math
from argparse import Namespace

from nnstudio.cli import project_file
from nnstudio.cli.output import say, say_json
from nnstudio.cli.refusal import GOOD, PROBLEMS, Refusal
from nnstudio.engine.lr_range import Point, lr_range, rates, suggest
from nnstudio.engine.run import RunError

_LINES = 20  # of the whole test


def run(line: Namespace) -> int:
    """Do the test, and say what it found."""
    try:
        rates(line.low, line.high, line.steps)
    except ValueError as error:
        raise Refusal(str(error)) from error
    stored = project_file.read(line.file)
    project = stored.project
    if line.device is not None:
        project = project.with_training(device=line.device)
    checkpoint = stored.checkpoint if line.weights else None
    if line.weights and checkpoint is None:
        raise Refusal(f"{line.file} has no weights yet; leave --weights out, or train it first.", PROBLEMS)
    points: list[Point] = []
    every = math.ceil(line.steps / _LINES)
    try:
        for point in lr_range(project, checkpoint, low=line.low, high=line.high, steps=line.steps):
            points.append(point)
            if line.json:
                say_json({"lr": point.lr, "loss": point.loss, "smoothed": point.smoothed})
            elif len(points) % every == 1 or every == 1:
                say(f"lr {point.lr:9.3g}   loss {point.loss:.4f}   smoothed {point.smoothed:.4f}")
    except RunError as error:
        raise project_file.problems_refusal(line.file, list(error.problems)) from error
    found = suggest(points, line.steps)
    if line.json:
        steepest, tenth = (found.steepest, found.tenth) if found else (None, None)
        say_json({"done": True, "points": len(points), "steepest": steepest, "tenth_of_lowest": tenth})
    elif found is None:
        say("The loss flew away too soon for a suggestion. Try again with a lower --low.")
    else:
        say(f"the loss falls steepest at {found.steepest:.3g}; a tenth of the rate of the lowest is {found.tenth:.3g}")
    return GOOD
