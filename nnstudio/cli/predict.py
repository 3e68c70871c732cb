"""`nnstudio predict`: what a trained network says about rows of a table, pictures, an array, or how it goes on with a
text."""

from __future__ import annotations

import csv
import io
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch

from nnstudio.cli import inputs, project_file
from nnstudio.cli.output import say
from nnstudio.cli.refusal import GOOD, PROBLEMS, Refusal
from nnstudio.engine.continuation import Continuation, UnknownText, as_seen, continues
from nnstudio.engine.run import Run


def run(line: Namespace) -> int:
    """Print the predictions, or write them to a file, whole or not at all."""
    given = line.input or line.rows
    if line.input and line.rows:
        raise Refusal(f"{line.rows!r} is one word too many: --input names the rows already.")
    if not given:
        raise Refusal("ROWS are needed, such as a CSV file. nnstudio predict --help says how it is used.")
    if line.output:
        project_file.check_place(Path(line.output), line.file, given)
    trained = project_file.trained(line.file)
    data = trained.prepared.data
    if continues(data) and Path(given).suffix.lower() not in (*inputs.ARRAYS, ".csv", ".tsv"):
        return _finish(line, _continued(line, trained, inputs.text_of(Path(given))), "The text is continued")
    found = inputs.read(given, data, trained.project.data.dataset)
    lines = predictions(trained, found.rows)
    if found.names:
        lines = [[name, *rest] for name, rest in zip(("row", *found.names), lines, strict=True)]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(lines)
    return _finish(line, written.getvalue(), f"{len(found.rows)} predictions")


def _finish(line: Namespace, text: str, words: str) -> int:
    """Write it to the file that was asked for, or print it."""
    if line.output:
        project_file.write_text(Path(line.output), text)
        say(f"{line.output}: {words}")
        return GOOD
    for printed in text.splitlines():
        say(printed)
    return GOOD


def _continued(line: Namespace, trained: Run, beginning: str) -> str:
    data = trained.prepared.data
    try:
        under_way = Continuation(
            data,
            as_seen(beginning.rstrip("\r\n"), data.vocabulary),
            length=line.length,
            temperature=line.temperature,
            most_likely=line.top_k,
            seed=line.seed,
        )
    except UnknownText as error:
        raise Refusal(str(error)) from error
    while not under_way.done:
        under_way.go_on(trained, seconds=1.0)
    if under_way.problem:
        raise Refusal(under_way.problem, PROBLEMS)
    return f"{under_way.text}\n"


def predictions(trained: Run, inputs: np.ndarray) -> list[list[str]]:
    """A line of names, then for each of the rows [rows, *shape] its class and the probability of each class (or the
    score, where a loss makes no probabilities), the classes of its places, or its values.

    Raises:
        Refusal: the network gives something that is not a number.
    """
    data = trained.prepared.data
    raw = trained.predict(inputs)
    _refuse_what_is_no_number(raw)
    output = torch.from_numpy(raw)
    if data.task == "regression":
        values = trained.loss_spec.probabilities(output).reshape(len(output), -1).numpy()
        count = values.shape[1]
        names = [data.target_name] if count == 1 else [f"{data.target_name} {place + 1}" for place in range(count)]
        return [names, *[[_text(value) for value in row] for row in values]]
    classes = trained.loss_spec.classes(output).numpy()
    if classes.ndim > 1:  # each place of a row has a class of its own
        classes = classes.reshape(len(classes), -1)
        names = [f"prediction {place + 1}" for place in range(classes.shape[1])]
        return [names, *[[data.class_names[number] for number in row] for row in classes]]
    shares = trained.loss_spec.probabilities(output).reshape(len(output), -1).numpy()
    if shares.shape[1] == 1:  # one output says how likely the second of two classes is
        shares = np.hstack([1 - shares, shares])
    likely = bool((shares >= -1e-6).all() and (np.abs(shares.sum(axis=1, dtype=float) - 1) < 1e-3).all())
    names = ["prediction", *[f"{'probability' if likely else 'score'} {name}" for name in data.class_names]]
    return [names, *[[data.class_names[number], *map(_text, row)] for number, row in zip(classes, shares, strict=True)]]


def _refuse_what_is_no_number(output: np.ndarray) -> None:
    """Infinite weights, or a row far outside what was trained on: no class should be named for them."""
    wrong = np.flatnonzero(~np.isfinite(output.reshape(len(output), -1)).all(axis=1))
    if len(wrong):
        sentence = (
            f"The network's output for row {wrong[0] + 1} is not a number; its weights or this row are too large."
        )
        raise Refusal(sentence, PROBLEMS)


def _text(number: float) -> str:
    """All digits that a float32 has."""
    return f"{number:.9g}"
