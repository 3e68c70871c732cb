"""`nnstudio predict`: what a trained network says about the rows of a CSV file."""

from __future__ import annotations

import csv
import io
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch

from nnstudio.cli import project_file, rows
from nnstudio.cli.output import say
from nnstudio.cli.refusal import GOOD, PROBLEMS, Refusal
from nnstudio.engine.run import Run


def run(line: Namespace) -> int:
    """Print the predictions, or write them to a file, whole or not at all."""
    if line.output:
        project_file.check_place(Path(line.output), line.file, line.input)
    trained = project_file.trained(line.file)
    data = trained.prepared.data
    kind = trained.prepared.input_type
    numbers = rows.read(line.input, data.feature_names, kind.size, whole=kind.dtype == "int64")
    inputs = numbers.reshape(-1, *kind.shape).astype(data.inputs.dtype)
    lines = predictions(trained, inputs)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(lines)
    if line.output:
        project_file.write_text(Path(line.output), written.getvalue())
        say(f"{line.output}: {len(inputs)} predictions")
        return GOOD
    for text in written.getvalue().splitlines():
        say(text)
    return GOOD


def predictions(trained: Run, inputs: np.ndarray) -> list[list[str]]:
    """A line of names, then for each of the rows [rows, *shape] its class and the probability of each class, or its
    values.

    Raises:
        Refusal: the network gives something that is not a number.
    """
    data = trained.prepared.data
    raw = trained.predict(inputs)
    _refuse_what_is_no_number(raw)
    output = torch.from_numpy(raw)
    if data.task == "regression":
        values = output.reshape(len(output), -1).numpy()
        count = values.shape[1]
        names = [data.target_name] if count == 1 else [f"{data.target_name} {place + 1}" for place in range(count)]
        return [names, *[[_text(value) for value in row] for row in values]]
    classes = trained.loss_spec.classes(output).numpy()
    shares = trained.loss_spec.probabilities(output).reshape(len(output), -1).numpy()
    if shares.shape[1] == 1:  # one output says how likely the second of two classes is
        shares = np.hstack([1 - shares, shares])
    names = ["prediction", *[f"probability {name}" for name in data.class_names]]
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
