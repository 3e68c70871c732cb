"""Figures of a classification: confusion, precision and recall, ROC, precision-recall, calibration, worst mistakes.

The arithmetic is scikit-learn's. Each function takes an Evaluation without a problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

from nnstudio.engine.evaluation import Evaluation

# Curves of more classes than these are a tangle.
MOST_CURVES = 12
BINS = 10


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class was taken for each.

    Attributes:
        counts: int64 [true class, predicted class].
        shares: of the true class; nan for a class that has no rows.
        precision, recall, f1: of each class; nan where nothing was predicted, or nothing is true.
        support: how many cases each class has.
        class_names: in the order of the axes.
    """

    counts: np.ndarray
    shares: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    class_names: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """The share of cases that are right."""
        return float(np.trace(self.counts) / self.counts.sum())


@dataclass(frozen=True, eq=False)
class Curve:
    """One class against all others.

    Attributes:
        number: of the class. name: in words.
        xs, ys: of a ROC curve the share of false alarms and of hits; of the other recall and precision.
        thresholds: from which score on a case counts as this class.
        area: under the ROC curve; of the other the average precision.
        share: how many of the cases are of this class, from 0 to 1.
    """

    number: int
    name: str
    xs: np.ndarray
    ys: np.ndarray
    thresholds: np.ndarray
    area: float
    share: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """How often what is called 70 % likely is so.

    Of two classes it is the second; of more it is the class that is predicted.

    Attributes:
        predicted, observed: mean probability and share of the cases, of each of the bins that have any.
        counts: cases in these bins. edges: of all bins.
        error: the expected calibration error: the mean distance of the two, each bin by its cases.
        subject: whose probability it is, in words.
    """

    predicted: np.ndarray
    observed: np.ndarray
    counts: np.ndarray
    edges: np.ndarray
    error: float
    subject: str


@dataclass(frozen=True, eq=False)
class Mistakes:
    """The cases that are wrong, the most certain ones first.

    Attributes:
        rows: row numbers in the data. targets, predictions: class numbers. certainty: of the predicted class.
        of: how many cases are wrong in all.
    """

    rows: np.ndarray
    targets: np.ndarray
    predictions: np.ndarray
    certainty: np.ndarray
    of: int


def confusion(found: Evaluation) -> Confusion:
    """The confusion matrix, and what follows from it for each class."""
    labels = np.arange(found.classes)
    counts = metrics.confusion_matrix(found.targets, found.predictions, labels=labels)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        found.targets, found.predictions, labels=labels, zero_division=np.nan
    )
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    return Confusion(counts, shares, precision, recall, f1, support, found.class_names)


def rows_in(found: Evaluation, target: int, prediction: int) -> np.ndarray:
    """The row numbers of the cases in a cell of the confusion matrix, the most certain ones first, each once."""
    here = np.flatnonzero((found.targets == target) & (found.predictions == prediction))
    order = here[np.argsort(-found.certainty[here], kind="stable")]
    rows = found.case_rows[order]
    _, first = np.unique(rows, return_index=True)
    return np.asarray(rows[np.sort(first)])


def roc(found: Evaluation, most: int = MOST_CURVES) -> tuple[Curve, ...]:
    """The ROC curve of the second of two classes, or of each of the most frequent of more.

    A class that has no case, or all of them, has no curve.
    """
    curves = []
    for number, is_it, score in _against_others(found, most):
        xs, ys, thresholds = metrics.roc_curve(is_it, score)
        area = float(metrics.auc(xs, ys))
        curves.append(Curve(number, found.class_names[number], xs, ys, thresholds, area, float(is_it.mean())))
    return tuple(curves)


def precision_recall(found: Evaluation, most: int = MOST_CURVES) -> tuple[Curve, ...]:
    """Precision over recall, of the same classes as `roc`."""
    curves = []
    for number, is_it, score in _against_others(found, most):
        precision, recall, thresholds = metrics.precision_recall_curve(is_it, score)
        area = float(metrics.average_precision_score(is_it, score))
        thresholds = np.append(thresholds, np.inf)  # its last point is no case at all
        curves.append(
            Curve(number, found.class_names[number], recall, precision, thresholds, area, float(is_it.mean()))
        )
    return tuple(curves)


def calibration(found: Evaluation, bins: int = BINS) -> Calibration | None:
    """How true the probabilities are; None where the output is no probability."""
    if found.probabilities is None:
        return None
    if found.classes == 2:
        sure = found.probabilities[:, 1]
        so = (found.targets == 1).astype(np.int64)
        subject = found.class_names[1]
    else:
        sure = found.probabilities[np.arange(len(found.targets)), found.predictions]
        so = (found.targets == found.predictions).astype(np.int64)
        subject = "the predicted class"
    edges = np.linspace(0, 1, bins + 1)
    observed, predicted = calibration_curve(so, sure, n_bins=bins, pos_label=1)
    # The bins as calibration_curve makes them: those without a case are left out.
    counts = np.bincount(np.searchsorted(edges[1:-1], sure), minlength=bins)
    counts = counts[counts > 0]
    error = float(np.sum(counts * np.abs(observed - predicted)) / counts.sum())
    return Calibration(predicted, observed, counts, edges, error, subject)


def mistakes(found: Evaluation, most: int = 100) -> Mistakes:
    """The cases that are most certainly wrong."""
    wrong = np.flatnonzero(found.targets != found.predictions)
    certainty = found.certainty
    order = wrong[np.argsort(-certainty[wrong], kind="stable")][:most]
    return Mistakes(
        found.case_rows[order], found.targets[order], found.predictions[order], certainty[order], len(wrong)
    )


def brier_score(found: Evaluation) -> float | None:
    """The mean squared distance of the probabilities from the truth: of the second of two classes, or of all summed."""
    if found.probabilities is None:
        return None
    if found.classes == 2:
        return float(metrics.brier_score_loss(found.targets, found.probabilities[:, 1], pos_label=1))
    truth = np.arange(found.classes) == found.targets[:, None]
    return float(((found.probabilities - truth) ** 2).sum(axis=1).mean())


def log_loss(found: Evaluation) -> float | None:
    """The mean surprise at the true class; None where the output is no probability."""
    if found.probabilities is None:
        return None
    return float(metrics.log_loss(found.targets, found.probabilities, labels=np.arange(found.classes)))


def summary(found: Evaluation) -> Mapping[str, float]:
    """All single figures, by name; what cannot be computed is left out."""
    matrix = confusion(found)
    seen = matrix.support > 0
    curves, recalls = roc(found, found.classes), precision_recall(found, found.classes)
    level = calibration(found)
    figures: dict[str, float | None] = {
        "accuracy": matrix.accuracy,
        "balanced_accuracy": float(matrix.recall[seen].mean()),
        "f1": float(matrix.f1[seen].mean()),
        "auc": float(np.mean([curve.area for curve in curves])) if curves else None,
        "average_precision": float(np.mean([curve.area for curve in recalls])) if recalls else None,
        "log_loss": log_loss(found),
        "brier_score": brier_score(found),
        "calibration_error": level.error if level is not None else None,
    }
    return {name: value for name, value in figures.items() if value is not None}


def _against_others(found: Evaluation, most: int) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(number, which cases are of it, its scores) of each class that has some of the cases and not all of them."""
    assert found.scores is not None
    if found.classes == 2:
        numbers = [1]
    else:
        frequent = np.argsort(-np.bincount(found.targets, minlength=found.classes), kind="stable")[:most]
        numbers = sorted(frequent.tolist())
    chosen = []
    for number in numbers:
        is_it = found.targets == number
        if 0 < is_it.sum() < len(is_it):
            chosen.append((number, is_it, found.scores[:, number]))
    return chosen
