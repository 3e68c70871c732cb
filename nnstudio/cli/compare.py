"""`nnstudio compare`: classical models on the same rows, beside the network."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Mapping

from nnstudio.cli import project_file
from nnstudio.cli.output import complain, say, say_json, table
from nnstudio.cli.refusal import GOOD, PROBLEMS, Refusal
from nnstudio.engine.chance import Figure
from nnstudio.engine.comparison import Rival, notes, rivals
from nnstudio.engine.data import prepare
from nnstudio.engine.run import Run

_NAMES = {"accuracy": "accuracy", "log_loss": "log loss", "auc": "AUC", "r2": "R²", "mae": "MAE", "rmse": "RMSE"}


def run(line: Namespace) -> int:
    """Train the models, and say what each reaches."""
    trained = _network(line.file)
    try:
        prepared = trained.prepared if trained is not None else prepare(project_file.read(line.file).project.data)
        task = prepared.data.task
        found: list[Rival] = []
        for rival in rivals(prepared, task, trained):
            found.append(rival)
            if line.json:
                say_json(_record(rival))
    except ValueError as error:
        raise Refusal(str(error), PROBLEMS) from error
    said = notes(prepared)
    if line.json:
        say_json(
            {"done": True, "notes": list(said), "rows": {"train": len(prepared.train), "test": len(prepared.test)}}
        )
        return GOOD
    part = "test" if len(prepared.test) else "train"
    for text in _table(found, part):
        say(text)
    say()
    for rival in found:
        if rival.sentence:
            say(rival.sentence if rival.name in rival.sentence else f"{rival.name}: {rival.sentence}")
    for note in said:
        say(note)
    return GOOD


def _network(file: str) -> Run | None:
    """The network with its weights; None (and a sentence) where it has none or has no target."""
    if project_file.read(file).checkpoint is None:
        complain(f"{file} has no weights yet, so the network is left out; train it first: nnstudio train {file}")
        return None
    trained = project_file.trained(file)
    if trained.objective.main.of_input:
        complain("The network is left out: its output is compared with its input, not with the target of the data.")
        return None
    return trained


def _record(rival: Rival) -> dict[str, object]:
    return {
        "name": rival.name,
        "train": {key: figure.value for key, figure in rival.train.items()},
        "test": {key: [figure.value, figure.low, figure.high] for key, figure in rival.test.items()},
        "seconds": rival.seconds,
        "sentence": rival.sentence,
        "failed": rival.failed,
    }


def _table(found: list[Rival], part: str) -> list[str]:
    """A line for each model: its figures on the rows that it was not trained on, with their intervals."""
    keys = list(dict.fromkeys(key for rival in found for key in getattr(rival, part)))
    first = keys[0] if keys else ""
    head = ["model", *(f"{part} {_NAMES[key]}" for key in keys)]
    if part == "test" and first:
        head.append(f"train {_NAMES[first]}")
    lines = [(*head, "seconds")]
    for rival in found:
        figures: Mapping[str, Figure] = getattr(rival, part)
        cells = [rival.name, *(_cell(figures.get(key)) for key in keys)]
        if part == "test" and first:
            cells.append(_cell(rival.train.get(first)))
        lines.append((*cells, f"{rival.seconds:.2f}"))
    return table(lines, right=tuple(range(1, len(lines[0]))))


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    if math.isnan(figure.low):
        return f"{figure.value:.4f}"
    return f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"
