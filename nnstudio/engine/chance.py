"""Chance: figures of what a model says of some rows, and how far other rows of the same kind could move them.

Accuracy has Wilson's interval; the others that of the bootstrap: the rows are drawn anew, with replacement, a thousand
times with a fixed seed, and the middle 95 % of what comes out is the interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn import metrics

RESAMPLINGS = 1000
_AT_ONCE = 100
_SEED = 0
_NORMAL = 1.959963984540054  # 97.5 % of the normal distribution are below it


@dataclass(frozen=True)
class Figure:
    """A figure, and the interval in which 95 of 100 drawings of so many rows would put it (nan: not asked for)."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True)
class Difference:
    """By how much one model is better than another in the figure `key`, with its interval."""

    key: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model says of some rows: int64 class numbers [rows], or float64 values [rows, outputs].

    probabilities: float64 [rows, classes]; None for values, and for scores that are no probabilities.
    """

    predictions: np.ndarray
    probabilities: np.ndarray | None = None


def figures(targets: np.ndarray, said: Answers, intervals: bool = True) -> Mapping[str, Figure]:
    """Accuracy, log loss and (of two classes) AUC; or R², MAE and RMSE."""
    values = _values(targets, said)
    if not intervals or len(targets) < 2:
        return {key: Figure(value) for key, value in values.items()}
    drawn = _bootstrap(targets, said)
    found = {}
    for key, value in values.items():
        low, high = _middle(drawn[key])
        if key == "accuracy":
            low, high = wilson(round(value * len(targets)), len(targets))
        found[key] = Figure(value, low, high)
    return found


def difference(targets: np.ndarray, own: Answers, other: Answers) -> Difference:
    """By how much `own` is better, in accuracy or in R²; both are judged on the same drawings of the rows."""
    key = "accuracy" if _classifies(targets) else "r2"
    value = _values(targets, own)[key] - _values(targets, other)[key]
    low, high = _middle(_bootstrap(targets, own, key)[key] - _bootstrap(targets, other, key)[key])
    return Difference(key, value, low, high)


def wilson(right: int, rows: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share, z = right / rows, _NORMAL
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    reach = z / (1 + z * z / rows) * ((share * (1 - share) + z * z / (4 * rows)) / rows) ** 0.5
    return (middle - reach if right else 0.0), (middle + reach if right < rows else 1.0)


def _classifies(targets: np.ndarray) -> bool:
    return targets.ndim == 1 and np.issubdtype(targets.dtype, np.integer)


def _values(targets: np.ndarray, said: Answers) -> dict[str, float]:
    if not _classifies(targets):
        found = {"r2": float(metrics.r2_score(targets, said.predictions))} if len(targets) > 1 else {}
        mae = float(metrics.mean_absolute_error(targets, said.predictions))
        return {**found, "mae": mae, "rmse": float(metrics.root_mean_squared_error(targets, said.predictions))}
    found = {"accuracy": float(metrics.accuracy_score(targets, said.predictions))}
    shares = said.probabilities
    if shares is None:
        return found
    found["log_loss"] = float(metrics.log_loss(targets, shares, labels=np.arange(shares.shape[1])))
    if shares.shape[1] == 2 and len(np.unique(targets)) == 2:
        found["auc"] = float(metrics.roc_auc_score(targets, shares[:, 1]))
    return found


def _middle(drawn: np.ndarray) -> tuple[float, float]:
    """Between which values the middle 95 % are."""
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _drawings(rows: int) -> Iterator[np.ndarray]:
    """How often each row is in each drawing, float64 [drawings, rows]; the same ones for every model."""
    generator = np.random.default_rng(_SEED)
    for _ in range(RESAMPLINGS // _AT_ONCE):
        yield generator.multinomial(rows, np.full(rows, 1 / rows), size=_AT_ONCE).astype(np.float64)


def _bootstrap(targets: np.ndarray, said: Answers, only: str = "") -> dict[str, np.ndarray]:
    """The figures of each drawing [drawings], by name."""
    drawn: dict[str, list[np.ndarray]] = {}
    for weights in _drawings(len(targets)):
        made = _classes(targets, said, weights, only) if _classifies(targets) else _numbers(targets, said, weights)
        for key, values in made.items():
            drawn.setdefault(key, []).append(values)
    return {key: np.concatenate(values) for key, values in drawn.items()}


def _classes(targets: np.ndarray, said: Answers, weights: np.ndarray, only: str) -> dict[str, np.ndarray]:
    rows = len(targets)
    found = {"accuracy": weights @ (targets == said.predictions) / rows}
    shares = said.probabilities
    if shares is None or only == "accuracy":
        return found
    smallest = np.finfo(shares.dtype).eps
    surprise = -np.log(np.clip(shares[np.arange(rows), targets], smallest, 1 - smallest))
    found["log_loss"] = weights @ surprise / rows
    if shares.shape[1] == 2:
        found["auc"] = _areas(targets, shares[:, 1], weights)
    return found


def _areas(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The area under the ROC curve of each drawing: how often a row of the second class has the higher score."""
    order = np.argsort(scores, kind="stable")
    first = np.flatnonzero(np.diff(scores[order], prepend=-np.inf) > 0)  # of each group of equal scores
    is_it = (targets[order] == 1).astype(np.float64)
    own = np.add.reduceat(weights[:, order] * is_it, first, axis=1)
    others = np.add.reduceat(weights[:, order] * (1 - is_it), first, axis=1)
    below = np.cumsum(others, axis=1) - others
    pairs = own.sum(axis=1) * others.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        areas: np.ndarray = (own * (below + others / 2)).sum(axis=1) / pairs
    return areas


def _numbers(targets: np.ndarray, said: Answers, weights: np.ndarray) -> dict[str, np.ndarray]:
    rows = len(targets)
    truth = targets.astype(np.float64)
    off = truth - said.predictions
    centred = truth - truth.mean(axis=0)  # what is subtracted changes no variance, and spares digits
    squares = weights @ off**2  # [drawings, outputs]
    spread = weights @ centred**2 - (weights @ centred) ** 2 / rows
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.where(spread > 1e-12, 1 - squares / spread, np.nan)
    return {
        "r2": explained.mean(axis=1),
        "mae": (weights @ np.abs(off)).mean(axis=1) / rows,
        "rmse": np.sqrt(squares / rows).mean(axis=1),
    }
