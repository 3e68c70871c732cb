"""Asking: what a network says of one row that somebody made by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from nnstudio.engine.data import Prepared
from nnstudio.engine.run import Run


@dataclass(frozen=True, eq=False)
class Said:
    """The answer to one row.

    Attributes:
        prepared: the data that the network was made for.
        step: of the training.
        shares: how likely each class is, float64 [classes]; None for numbers, and where nothing was asked.
        likely: whether the shares are probabilities; scores otherwise.
        values: the numbers that are predicted, float64 [outputs]; None for classes.
        predicted: the number of the class, -1 where there is none.
        problem: why there is no answer, one sentence.
    """

    prepared: Prepared
    step: int
    shares: np.ndarray | None = None
    likely: bool = True
    values: np.ndarray | None = None
    predicted: int = -1
    problem: str = ""


def ask(run: Run, row: np.ndarray | None) -> Said:
    """The answer to a row as it is in the data [*shape], not yet scaled; to None there is none."""
    prepared = run.prepared
    if row is None or tuple(row.shape) != prepared.input_type.shape:
        return Said(prepared, run.step)
    output = torch.from_numpy(run.predict(np.asarray(row, prepared.data.inputs.dtype)[None])).float()
    if not bool(torch.isfinite(output).all()):
        return Said(
            prepared,
            run.step,
            problem="The network's output for this row is not a number. Reset the weights and train again with a "
            "lower learning rate.",
        )
    spec = run.loss_spec
    read = spec.probabilities(output).double()
    if not run.objective.classifies:
        return Said(prepared, run.step, values=read.reshape(-1).numpy())
    if read.dim() > 2:
        return Said(prepared, run.step, problem="Each place of these rows has a class of its own.")
    shares = read.reshape(-1).numpy()
    if len(shares) == 1:  # one output says how much speaks for the second of two classes
        shares = np.array([1 - shares[0], shares[0]])
    likely = bool(shares.min() >= -1e-6 and abs(shares.sum() - 1) < 1e-3)
    return Said(prepared, run.step, shares, likely, predicted=int(spec.classes(output)[0]))
