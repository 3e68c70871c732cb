"""The weights of one layer as numbers for a picture: the matrix as colours, and how its values are spread.

`weigh` runs in the worker between two steps, so nothing here touches Qt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from nnstudio.core.blocks import title_at
from nnstudio.engine.run import Run

# Rows and columns that are drawn at most; of larger matrices every second, third, … one.
MOST_CELLS = 160
# Weights that are counted at most; of more, evenly chosen ones.
MOST_COUNTED = 200_000
BINS = 256
POINTS = 72


@dataclass(frozen=True, eq=False)
class Spread:
    """How the values are spread at one step: a smooth curve (places, density) whose area is 1."""

    step: int
    places: np.ndarray
    density: np.ndarray
    mean: float
    deviation: float


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one layer at one step.

    Attributes:
        name: of the parameter in its module, such as "weight". shape: of the parameter itself.
        values: float32 [rows, columns]; `every` says how many rows and columns of the parameter one of them stands for.
        limit: no value is farther from zero; two digits.
        spread: of all values that are numbers. not_finite: how many are none.
    """

    node_id: str
    title: str
    name: str
    step: int
    shape: tuple[int, ...]
    values: np.ndarray
    every: tuple[int, int]
    limit: float
    spread: Spread
    not_finite: int = 0

    def indices(self) -> np.ndarray:
        """The values as uint8 indices into the diverging colours; 128 is zero, 255 is `limit`."""
        with np.errstate(invalid="ignore"):
            return np.clip(np.nan_to_num(self.values / self.limit) * 127.0 + 128.0, 0, 255).astype(np.uint8)


def weigh(run: Run, wanted: Sequence[str]) -> Weights | None:
    """The first of the wanted nodes that has weights, else the first of the network; None where no layer has any."""
    network = run.network
    for path in (*wanted, *network.names):
        module = network.module_of(path)
        found = _parameter(module) if module is not None else None
        if found is not None:
            name, parameter = found
            return _weights(path, title_at(run.project.graph, path), name, run.step, parameter)
    return None


def _parameter(module: nn.Module) -> tuple[str, torch.Tensor] | None:
    """The weight rather than the bias: the first parameter with at least two axes, else the first."""
    named = [(name, parameter) for name, parameter in module.named_parameters() if parameter.numel()]
    return next(((name, p) for name, p in named if p.dim() >= 2), named[0] if named else None)


def _weights(node_id: str, title: str, name: str, step: int, parameter: torch.Tensor) -> Weights:
    values = parameter.detach()
    rows = values.reshape(values.shape[0], -1) if values.dim() >= 2 else values.reshape(1, -1)
    every = tuple(max(1, -(-size // MOST_CELLS)) for size in rows.shape)
    # A copy: the parameter goes on changing while the window draws.
    cells = rows[:: every[0], :: every[1]].float().cpu().numpy().copy()
    counted = values.reshape(-1)[:: max(1, values.numel() // MOST_COUNTED)]
    flat = counted.float().cpu().numpy()
    present = np.isfinite(flat)
    not_finite = int(len(flat) - present.sum())
    if not_finite:
        flat = flat[present]
    limit = _rounded(max(float(flat.max()), -float(flat.min()))) if len(flat) else 1.0
    mean, deviation = (float(flat.mean()), float(flat.std())) if len(flat) else (0.0, 0.0)
    return Weights(
        node_id=node_id,
        title=title,
        name=name,
        step=step,
        shape=tuple(values.shape),
        values=cells,
        every=(every[0], every[1]),
        limit=limit,
        spread=Spread(step, *_density(flat, mean, deviation), mean, deviation),
        not_finite=not_finite,
    )


def _density(values: np.ndarray, mean: float, deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """Counts in narrow bins, smoothed by a bell curve as wide as Silverman's rule says."""
    if len(values) == 0:
        return np.zeros(0), np.zeros(0)
    width = 1.06 * max(deviation, 1e-3 * abs(mean), 1e-12) * len(values) ** -0.2
    low, high = float(values.min()) - 3.5 * width, float(values.max()) + 3.5 * width
    step = (high - low) / BINS
    counts = np.bincount(np.minimum(((values - low) / step).astype(np.int64), BINS - 1), minlength=BINS)
    reach = int(np.clip(np.ceil(3.5 * width / step), 1, BINS))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    smooth = np.convolve(counts, bell / (bell.sum() * step * len(values)), mode="same" if len(bell) <= BINS else "full")
    smooth = smooth if len(smooth) == BINS else smooth[(len(smooth) - BINS) // 2 :][:BINS]
    middles = low + (np.arange(BINS) + 0.5) * step
    places = np.linspace(low, high, POINTS)
    density = np.interp(places, middles, smooth)
    density[[0, -1]] = 0.0
    return places, density


def _rounded(limit: float) -> float:
    """Up to two digits, so that the colours rest while the weights move."""
    if limit <= 0 or not np.isfinite(limit):
        return 1.0
    unit = 10.0 ** (np.floor(np.log10(limit)) - 1)
    return float(np.ceil(limit / unit) * unit)
