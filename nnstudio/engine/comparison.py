"""Comparison: what classical models of scikit-learn make of the same rows, beside the network.

They learn from the same training part, scaled in the same way, and are judged on the same test rows. Every figure has
the interval in which it would be found in 95 of 100 drawings of so many test rows, and what is said of a difference
says whether it is more than chance.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from nnstudio.core.data import Data, Task
from nnstudio.core.reading import tell
from nnstudio.engine.chance import Answers, Figure, difference, figures
from nnstudio.engine.data import Part, PartName, Prepared
from nnstudio.engine.evaluation import evaluation
from nnstudio.engine.run import Run

# Numbers (rows times features) that a model learns from, and rows that it is judged on.
MOST_TRAIN_NUMBERS, MOST_TRAIN_ROWS, MOST_TEST_ROWS = 4_000_000, 20_000, 10_000
MOST_TOKENS = 4096
_SEED = 0
NETWORK = "Network"


@dataclass(frozen=True)
class Rival:
    """One model on these rows.

    Attributes:
        name: in words. train, test: its figures by name; test is empty without test rows.
        seconds: that it took to learn and to answer.
        sentence: how it stands beside the network, or why there are no figures.
        failed: whether there are no figures.
    """

    name: str
    train: Mapping[str, Figure] = field(default_factory=dict)
    test: Mapping[str, Figure] = field(default_factory=dict)
    seconds: float = 0.0
    sentence: str = ""
    failed: bool = False


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows for models of scikit-learn: float32 [rows, features], and one target for each."""

    inputs: np.ndarray
    targets: np.ndarray
    numbers: np.ndarray  # of the rows in the data


def compare(prepared: Prepared, task: Task, run: Run | None = None) -> list[Rival]:
    """All models, the network first where `run` has one that was trained.

    Raises:
        ValueError: such data cannot be compared; one sentence.
        Cancelled: nobody wants it any more.
    """
    return list(rivals(prepared, task, run))


def rivals(prepared: Prepared, task: Task, run: Run | None = None) -> Iterator[Rival]:
    """The same, each as soon as it is known."""
    refused = why_not(prepared, task)
    if refused:
        raise ValueError(refused)
    train = _rows(prepared, "train")
    test = _rows(prepared, "test") if len(prepared.test) else None
    network = None
    if run is not None:
        tell(0.0, "Asking the network")
        found, network = _network(run, train, test)
        yield found
    outputs = train.targets.shape[1] if train.targets.ndim == 2 else 1
    made = models(task, outputs)
    for place, (name, model) in enumerate(made.items()):
        tell(place / len(made), f"Training: {name}")
        yield _tried(name, model, prepared.data, train, test, network)


def _tried(name: str, model: Any, data: Data, train: _Rows, test: _Rows | None, network: Answers | None) -> Rival:
    """Train a model and judge it."""
    began = time.perf_counter()
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            model.fit(train.inputs, _fitting(train.targets))
        on_train = _answers(model, train.inputs, data)
        on_test = _answers(model, test.inputs, data) if test is not None else None
    except (ValueError, MemoryError, np.linalg.LinAlgError) as error:
        words = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        return Rival(name, sentence=f"It could not learn from these rows: {words}.", failed=True)
    seconds = time.perf_counter() - began
    sentence = _verdict(name, test, on_test, network)
    if any(issubclass(item.category, ConvergenceWarning) for item in warned):
        sentence = f"{sentence} Its training did not quite converge.".strip()
    by = figures(test.targets, on_test) if test is not None and on_test is not None else {}
    return Rival(name, figures(train.targets, on_train, intervals=False), by, seconds, sentence)


def models(task: Task, outputs: int = 1) -> dict[str, Any]:
    """The models by name, from the one that knows least; each with a fixed seed."""
    if task == "classification":
        return {
            "Most frequent class": DummyClassifier(strategy="prior"),
            "Logistic regression": LogisticRegression(max_iter=1000, random_state=_SEED),
            "Nearest neighbours": KNeighborsClassifier(),
            "Gradient-boosted trees": HistGradientBoostingClassifier(random_state=_SEED),
        }
    trees = HistGradientBoostingRegressor(random_state=_SEED)
    return {
        "Always the mean": DummyRegressor(),
        "Ridge regression": RidgeCV(alphas=np.logspace(-3, 3, 13)),
        "Nearest neighbours": KNeighborsRegressor(),
        "Gradient-boosted trees": trees if outputs == 1 else MultiOutputRegressor(trees),
    }


def why_not(prepared: Prepared, task: Task) -> str:
    """Why such rows cannot be compared, one sentence; empty when they can."""
    data = prepared.data
    if task == "classification" and data.targets.ndim > 1:
        return "A comparison needs one target for each row; these rows have one at each place."
    if data.input_type.dtype == "int64" and len(data.vocabulary) > MOST_TOKENS:
        return (
            f"A comparison counts tokens and takes up to {MOST_TOKENS:,} different ones; "
            f"there are {len(data.vocabulary):,}."
        )
    if task == "classification" and len(np.unique(prepared.train.targets.numpy())) < 2:
        return "A comparison needs at least two classes among the training rows; there is one."
    if len(prepared.train) < 5:
        return f"A comparison needs at least 5 training rows; there are {len(prepared.train)}."
    return ""


def notes(prepared: Prepared) -> tuple[str, ...]:
    """What a person should know of how it is compared, one sentence each."""
    found = []
    data = prepared.data
    kind = data.input_type
    if kind.dtype == "int64":
        found.append("The other models see how often each token is in a row, not the order of the tokens.")
    elif len(kind.shape) > 1:
        found.append("The other models see each row flattened into a list of numbers.")
    train = _most_train(prepared)
    if train < len(prepared.train):
        found.append(
            f"The other models learn from {train:,} of the {len(prepared.train):,} training rows, "
            "the network from all of them."
        )
    if len(prepared.test) > MOST_TEST_ROWS:
        found.append(f"All are judged on {MOST_TEST_ROWS:,} of the {len(prepared.test):,} test rows.")
    if not len(prepared.test):
        found.append("There are no test rows, so that nothing is known of how well each does on new ones.")
    return tuple(found)


# -- rows ----------------------------------------------------------------------------------------------------------


def _width(prepared: Prepared) -> int:
    data = prepared.data
    if data.input_type.dtype != "int64":
        return data.input_type.size
    return len(data.vocabulary) or int(data.inputs.max(initial=0)) + 1


def _most_train(prepared: Prepared) -> int:
    return min(MOST_TRAIN_ROWS, max(MOST_TRAIN_NUMBERS // max(_width(prepared), 1), 100), len(prepared.train))


def _rows(prepared: Prepared, name: PartName) -> _Rows:
    part: Part = prepared.part(name)
    most = _most_train(prepared) if name == "train" else min(MOST_TEST_ROWS, len(part))
    places = _some(len(part), most)
    inputs, targets = part.take(torch.from_numpy(places) if len(places) < len(part) else slice(None))
    rows = inputs.numpy()
    if prepared.input_type.dtype == "int64":
        width = _width(prepared)
        counts = np.zeros((len(rows), width), np.float32)
        np.add.at(counts, (np.arange(len(rows))[:, None], rows.reshape(len(rows), -1)), 1)
        rows = counts
    return _Rows(rows.reshape(len(rows), -1), targets.numpy(), part.rows[places])


def _some(rows: int, most: int) -> np.ndarray:
    """The places of all rows, or always of the same few."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(_SEED).choice(rows, most, replace=False))


def _fitting(targets: np.ndarray) -> np.ndarray:
    """Targets as models of scikit-learn take them."""
    return targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets


# -- answers -------------------------------------------------------------------------------------------------------


def _answers(model: Any, inputs: np.ndarray, data: Data) -> Answers:
    """What a model says; classes that it never saw have no probability."""
    predictions = np.asarray(model.predict(inputs))
    if data.task == "regression":
        return Answers(predictions.reshape(len(inputs), -1).astype(np.float64))
    probabilities = np.zeros((len(inputs), data.classes))
    probabilities[:, model.classes_] = model.predict_proba(inputs)
    return Answers(predictions, probabilities / probabilities.sum(axis=1, keepdims=True))  # freed of what was rounded


def _network(run: Run, train: _Rows, test: _Rows | None) -> tuple[Rival, Answers | None]:
    """The network on the same rows, and what it says of the test rows."""
    on_train = evaluation(run, "train", len(train.numbers))
    on_test = evaluation(run, "test", len(test.numbers)) if test is not None else None
    problem = on_train.problem or (on_test.problem if on_test is not None else "")
    if problem:
        return Rival(NETWORK, sentence=problem, failed=True), None
    count = sum(parameter.numel() for parameter in run.network.parameters())
    sentence = f"It has {count:,} parameters and was trained for {run.epoch:,} epoch{'s' if run.epoch != 1 else ''}."
    if not run.step:
        sentence = f"It has {count:,} parameters and was not trained yet: they are as they were drawn."
    on = figures(train.targets, Answers(on_train.predictions, on_train.probabilities), intervals=False)
    if test is None or on_test is None:
        return Rival(NETWORK, on, {}, run.seconds, sentence), None
    said = Answers(on_test.predictions, on_test.probabilities)
    return Rival(NETWORK, on, figures(test.targets, said), run.seconds, sentence), said


def _verdict(name: str, test: _Rows | None, own: Answers | None, network: Answers | None) -> str:
    """How a model stands beside the network, and whether that is more than chance."""
    if test is None or own is None or network is None:
        return ""
    rows = len(test.targets)
    if rows < 2:
        return "One test row says nothing of which is better."
    found = difference(test.targets, own, network)
    words = {"accuracy": "accuracy", "r2": "R²"}[found.key]
    if found.value == 0:
        return f"{name} and the network do equally well on the {rows:,} test rows."
    side = "better" if found.value > 0 else "worse"
    if found.low <= 0 <= found.high:
        rest = f"with {rows:,} test rows that is within what chance gives"
    else:
        rest = f"with {rows:,} test rows that is more than chance gives"
    return f"{name}: {side} than the network by {_digits(abs(found.value))} in {words}; {rest}."


def _digits(value: float) -> str:
    """Two digits that matter."""
    return f"{value:.2g}" if value < 1 else f"{value:.3g}"
