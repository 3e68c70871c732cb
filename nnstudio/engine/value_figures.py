"""Figures of a prediction of numbers: how far it is from the truth. The arithmetic is scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn import metrics

from nnstudio.engine.evaluation import Evaluation

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class Residuals:
    """Truth minus prediction.

    Attributes:
        targets, predictions, values: float64 [rows] of one output.
        quantiles: of the values, at QUANTILES.
        rows: row numbers in the data.
    """

    targets: np.ndarray
    predictions: np.ndarray
    values: np.ndarray
    quantiles: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True, eq=False)
class Misses:
    """The rows that are farthest off, the worst first.

    Attributes:
        rows: row numbers in the data. targets, predictions: of the output that is farthest off. distance: between them.
        of: how many rows were looked at.
    """

    rows: np.ndarray
    targets: np.ndarray
    predictions: np.ndarray
    distance: np.ndarray
    of: int


def residuals(found: Evaluation, output: int = 0) -> Residuals:
    """The residuals of one output."""
    targets, predictions = found.targets[:, output], found.predictions[:, output]
    values = targets - predictions
    return Residuals(targets, predictions, values, np.quantile(values, QUANTILES), found.rows)


def misses(found: Evaluation, most: int = 100) -> Misses:
    """The rows that are farthest from the truth."""
    distance = np.abs(found.targets - found.predictions)
    worst = distance.argmax(axis=1)
    rows = np.arange(len(distance))
    order = np.argsort(-distance[rows, worst], kind="stable")[:most]
    output = worst[order]
    return Misses(
        found.rows[order],
        found.targets[order, output],
        found.predictions[order, output],
        distance[order, output],
        len(distance),
    )


def summary(found: Evaluation) -> Mapping[str, float]:
    """All single figures, by name; R² needs two rows."""
    figures = {
        "mae": float(metrics.mean_absolute_error(found.targets, found.predictions)),
        "rmse": float(metrics.root_mean_squared_error(found.targets, found.predictions)),
    }
    if len(found.rows) > 1:
        figures = {"r2": float(metrics.r2_score(found.targets, found.predictions)), **figures}
    quantiles = np.quantile(found.targets - found.predictions, QUANTILES)
    return figures | {f"residual_{share:.0%}": float(value) for share, value in zip(QUANTILES, quantiles, strict=True)}
