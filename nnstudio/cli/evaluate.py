"""`nnstudio evaluate`: loss and metrics with the weights in the file, and a close look at one part."""

from __future__ import annotations

import csv
import io
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.cli import project_file
from nnstudio.cli.output import figures, say, say_json, table
from nnstudio.cli.refusal import GOOD, PROBLEMS, Refusal
from nnstudio.engine import class_figures, value_figures
from nnstudio.engine.class_figures import Confusion
from nnstudio.engine.evaluation import Evaluation, evaluation, parts_of

# A matrix of more classes than these does not fit on a screen, and more mistakes are not read.
_MOST_CLASSES, _MISTAKES = 12, 5


def run(line: Namespace) -> int:
    """Measure every part, and one of them closely."""
    if line.output:
        project_file.check_place(Path(line.output), line.file)
    trained = project_file.trained(line.file)
    measured = trained.evaluate()
    part = line.part or parts_of(trained)[0]
    found = evaluation(trained, part)
    if line.part and found.problem:
        raise Refusal(found.problem, PROBLEMS)
    if line.output:
        if found.problem:
            raise Refusal(found.problem, PROBLEMS)
        project_file.write_text(Path(line.output), _rows(found))
    if line.json:
        close = {} if found.problem else {part: _record(found)}
        say_json({"epoch": trained.epoch, "step": trained.step, **measured, "figures": close})
        return GOOD
    for name in measured:
        say(f"{name:5}  {figures(measured[name]) or 'no rows'}")
    if found.problem:
        say(found.problem)
        return GOOD
    say()
    say(f"{found.size_in_words}:")
    for text in _numbers(found) if found.task == "regression" else _classes(found):
        say(text)
    if line.output:
        say(f"{line.output}: {len(found.targets)} rows")
    return GOOD


def _record(found: Evaluation) -> dict[str, Any]:
    """All figures of a part."""
    if found.task == "regression":
        worst = value_figures.misses(found, _MISTAKES)
        return {**value_figures.summary(found), "rows": len(found.rows), "of": found.of, "worst": worst.rows.tolist()}
    matrix = class_figures.confusion(found)
    worst_rows = class_figures.mistakes(found, _MISTAKES).rows.tolist()
    classes = [
        {"name": name, "precision": precision, "recall": recall, "f1": f1, "rows": int(rows)}
        for name, precision, recall, f1, rows in _by_class(matrix)
    ]
    return {
        **class_figures.summary(found),
        "rows": len(found.rows),
        "of": found.of,
        "classes": classes,
        "confusion": matrix.counts.tolist(),
        "worst": worst_rows,
    }


def _numbers(found: Evaluation) -> Iterator[str]:
    yield from _listed(value_figures.summary(found))
    worst = value_figures.misses(found, _MISTAKES)
    for row, true, said in zip(worst.rows.tolist(), worst.targets.tolist(), worst.predictions.tolist(), strict=True):
        yield f"row {row}: {found.target_name} {true:.6g}, predicted {said:.6g}"


def _classes(found: Evaluation) -> Iterator[str]:
    yield from _listed(class_figures.summary(found))
    matrix = class_figures.confusion(found)
    yield ""
    head = ("class", "precision", "recall", "F1", "rows")
    lines = [
        (name, *("–" if np.isnan(value) else f"{value:.4f}" for value in (precision, recall, f1)), str(rows))
        for name, precision, recall, f1, rows in _by_class(matrix)
    ]
    yield from table([head, *lines], right=(1, 2, 3, 4))
    if found.classes <= _MOST_CLASSES:
        yield ""
        counted = [("true, predicted as", *matrix.class_names)]
        counted += [
            (name, *map(str, row)) for name, row in zip(matrix.class_names, matrix.counts.tolist(), strict=True)
        ]
        yield from table(counted, right=tuple(range(1, 1 + found.classes)))
    wrong = class_figures.mistakes(found, _MISTAKES)
    if wrong.of:
        yield ""
        names = found.class_names
        for row, true, said, sure in zip(
            wrong.rows.tolist(),
            wrong.targets.tolist(),
            wrong.predictions.tolist(),
            wrong.certainty.tolist(),
            strict=True,
        ):
            yield f"row {row}: {names[true]} taken for {names[said]} ({sure:.4f})"


def _by_class(matrix: Confusion) -> Iterator[tuple[str, float, float, float, int]]:
    columns = (matrix.precision.tolist(), matrix.recall.tolist(), matrix.f1.tolist(), matrix.support.tolist())
    yield from zip(matrix.class_names, *columns, strict=True)


def _listed(summary: Mapping[str, float]) -> list[str]:
    return table([(name.replace("_", " "), f"{value:.4f}") for name, value in summary.items()], right=(1,))


def _rows(found: Evaluation) -> str:
    """Truth and prediction of every case as CSV."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    names = found.class_names
    if found.task == "regression":
        outputs = found.targets.shape[1]
        ends = [""] if outputs == 1 else [f" {place + 1}" for place in range(outputs)]
        writer.writerow(["row", *(f"true{end}" for end in ends), *(f"predicted{end}" for end in ends)])
        for row, true, said in zip(found.rows.tolist(), found.targets, found.predictions, strict=True):
            writer.writerow([row, *(f"{value:.9g}" for value in (*true.tolist(), *said.tolist()))])
        return written.getvalue()
    assert found.scores is not None
    kind = "probability" if found.probabilities is not None else "score"
    writer.writerow(["row", "true", "predicted", *(f"{kind} {name}" for name in names)])
    for row, true, said, scores in zip(
        found.case_rows.tolist(), found.targets.tolist(), found.predictions.tolist(), found.scores, strict=True
    ):
        writer.writerow([row, names[true], names[said], *(f"{value:.9g}" for value in scores.tolist())])
    return written.getvalue()
