"""What the network says everywhere: its output on a grid over two features, or along one feature.

`look` runs in the worker between two steps, so nothing here touches Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch

from nnstudio.engine.data import Prepared
from nnstudio.engine.run import Run

# Cells along each side: while it trains, and while it does not.
TRAINING_CELLS, RESTING_CELLS = 100, 200
FEWEST_CELLS = 32
# Multiplications that one look may take: about 4 ms on one core.
TRAINING_WORK, RESTING_WORK = 4e7, 6e8
# Room around the data, as a share of its extent.
MARGIN = 0.08


@dataclass(frozen=True, eq=False)
class Look:
    """One reading.

    Attributes:
        kind: "surface" (two features), "function" (one), or "none": then `sentence` says why there is none.
        prepared: the rows that belong to it.
        step: when it was taken.
        values: a surface as uint8 indices [rows, columns], row 0 at the lowest y; a function as float
            [points, outputs].
        classes: how many classes share the 256 indices of a surface; 1 when they run from negative to positive.
        low, high: what the first and the last index stand for, where `classes` is 1.
        trained: False when the network was edited and has not been trained since: the figures of the last epoch are
            not its own.
        extent: x0, x1, y0, y1 of a surface; x0, x1, 0, 0 of a function.
    """

    kind: Literal["surface", "function", "none"]
    prepared: Prepared
    step: int
    sentence: str = ""
    values: np.ndarray | None = None
    classes: int = 1
    low: float = 0.0
    high: float = 1.0
    extent: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 1.0)
    finite: bool = True
    trained: bool = True


def look(run: Run, *, resting: bool) -> Look:
    """The network's output over the whole area of the data, as a person reads it: probabilities, or values."""
    prepared = run.prepared
    inputs = prepared.data.inputs
    if inputs.ndim != 2 or inputs.shape[1] > 2 or np.issubdtype(inputs.dtype, np.integer):
        return Look("none", prepared, run.step, sentence=_why_not(inputs))
    cells = _cells(run, resting) if inputs.shape[1] == 2 else 400
    grid, extent = _grid(prepared, cells, str(run.device))
    with run.looking():
        output = run.loss_spec.probabilities(run.output(grid))
    values = output.float().reshape(len(grid), -1).cpu().numpy()
    finite = bool(np.isfinite(values).all())
    trained = run.continuation != "carried" or any(p.grad is not None for p in run.network.parameters())
    if inputs.shape[1] == 1:
        return Look("function", prepared, run.step, values=values, extent=extent, finite=finite, trained=trained)
    missing = None if finite else np.isnan(values).any(axis=1)
    if not finite:
        values = np.nan_to_num(values, posinf=1e30, neginf=-1e30)
    indices, classes, low, high = _indices(values, prepared)
    if missing is not None and classes == 1:
        indices[missing] = 128  # neither positive nor negative
    image = indices.reshape(cells, cells)
    return Look("surface", prepared, run.step, "", image, classes, low, high, extent, finite, trained)


def levels(classes: int) -> int:
    """How many of the 256 indices each class has, for how sure the network is of it."""
    return 256 // max(classes, 1)


def _indices(values: np.ndarray, prepared: Prepared) -> tuple[np.ndarray, int, float, float]:
    outputs = values.shape[1]
    if prepared.data.task == "classification":
        if outputs > 2:
            count = levels(outputs)
            winner = values.argmax(axis=1)
            sure = (values.max(axis=1) * outputs - 1) / (outputs - 1)  # 0 when all are alike, 1 when certain
            place = np.clip(sure * (count - 1), 0, count - 1)
            return np.clip(winner * count + np.rint(place), 0, 255).astype(np.uint8), outputs, 0.0, 1.0
        share = values[:, 1] if outputs == 2 else values[:, 0]
        return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8), 1, 0.0, 1.0
    targets = prepared.data.targets[:, 0]
    low, high = float(targets.min()), float(targets.max())
    middle = 0.0 if low < 0 < high else (low + high) / 2
    reach = max(high - middle, middle - low) or 1.0
    low, high = middle - reach, middle + reach
    share = (values[:, 0] - low) / (high - low)
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8), 1, low, high


def _cells(run: Run, resting: bool) -> int:
    parameters = sum(parameter.numel() for parameter in run.network.parameters())
    most, work = (RESTING_CELLS, RESTING_WORK) if resting else (TRAINING_CELLS, TRAINING_WORK)
    return int(np.clip((work / max(parameters, 1)) ** 0.5, FEWEST_CELLS, most))


@lru_cache(maxsize=4)
def _grid(prepared: Prepared, cells: int, device: str) -> tuple[torch.Tensor, tuple[float, float, float, float]]:
    inputs = prepared.data.inputs
    sides = [_side(inputs[:, feature]) for feature in range(inputs.shape[1])]
    places = [low + (np.arange(cells) + 0.5) / cells * (high - low) for low, high in sides]
    if len(sides) == 1:
        rows = np.linspace(*sides[0], cells)[:, None]
        extent = (*sides[0], 0.0, 0.0)
    else:
        x, y = np.meshgrid(*places)
        rows = np.stack([x.ravel(), y.ravel()], axis=1)
        extent = (*sides[0], *sides[1])
    return torch.from_numpy(prepared.scaled(rows.astype(inputs.dtype))).to(device), extent


def _side(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or 0.5
    return low - room, high + room


def _why_not(inputs: np.ndarray) -> str:
    if np.issubdtype(inputs.dtype, np.integer) and inputs.dtype != np.uint8:
        what = "these rows are tokens"
    elif inputs.ndim == 2:
        what = f"these rows have {inputs.shape[1]}"
    else:
        what = "these rows are images"
    return (
        f"A surface needs data with two features (with one, a curve); {what}. "
        "Choose Spirals, Moons or Circles in the Data panel to see one bend."
    )
