"""The comparison with classical models: the figures are scikit-learn's, the intervals what they say they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from engine.projects import dataset, iris, spirals
from nnstudio.core.project import DataSettings
from nnstudio.core.reading import Cancelled, told_to
from nnstudio.engine import comparison
from nnstudio.engine.chance import Answers, difference, figures, wilson
from nnstudio.engine.comparison import NETWORK, Rival, compare, notes, why_not
from nnstudio.engine.data import prepare
from nnstudio.engine.run import Run


def by_name(found: list[Rival]) -> dict[str, Rival]:
    return {rival.name: rival for rival in found}


def test_classifiers_are_those_that_a_script_trains() -> None:
    X, y = load_iris(return_X_y=True)
    train_X, test_X, train_y, test_y = train_test_split(X, y, test_size=0.2, random_state=42)
    scaler = StandardScaler().fit(train_X)
    train_X, test_X = (scaler.transform(part).astype(np.float32) for part in (train_X, test_X))
    found = by_name(compare(prepare(iris().data), "classification"))
    for name, model in {
        "Logistic regression": LogisticRegression(max_iter=1000, random_state=0),
        "Nearest neighbours": KNeighborsClassifier(),
        "Gradient-boosted trees": HistGradientBoostingClassifier(random_state=0),
    }.items():
        model.fit(train_X, train_y)
        assert found[name].test["accuracy"].value == pytest.approx(model.score(test_X, test_y))
        assert found[name].train["accuracy"].value == pytest.approx(model.score(train_X, train_y))
        expected = -np.log(np.clip(model.predict_proba(test_X)[np.arange(30), test_y], 2e-16, 1)).mean()
        assert found[name].test["log_loss"].value == pytest.approx(expected, rel=1e-6)
    assert found["Most frequent class"].test["accuracy"].value == pytest.approx(
        np.mean(test_y == np.bincount(train_y).argmax())
    )
    assert NETWORK not in found


def test_regressors_are_those_that_a_script_trains() -> None:
    settings = DataSettings(dataset("Diabetes"))
    prepared = prepare(settings)
    y = prepared.data.targets[:, 0]
    X, _ = load_diabetes(return_X_y=True)
    train_X, test_X, train_y, test_y = train_test_split(prepared.data.inputs, y, test_size=0.2, random_state=42)
    assert prepared.data.inputs.shape == X.shape
    scaler = StandardScaler().fit(train_X)
    train_X, test_X = (scaler.transform(part).astype(np.float32) for part in (train_X, test_X))
    found = by_name(compare(prepared, "regression"))
    for name, model in {
        "Ridge regression": RidgeCV(alphas=np.logspace(-3, 3, 13)),
        "Gradient-boosted trees": HistGradientBoostingRegressor(random_state=0),
    }.items():
        said = model.fit(train_X, train_y).predict(test_X)
        assert found[name].test["r2"].value == pytest.approx(metrics.r2_score(test_y, said), abs=1e-4)
        assert found[name].test["rmse"].value == pytest.approx(metrics.root_mean_squared_error(test_y, said), rel=1e-3)
    assert found["Always the mean"].train["r2"].value == pytest.approx(0, abs=1e-9)


def test_the_network_stands_first_with_its_own_figures() -> None:
    run = Run(spirals(epochs=3))
    for _ in run.snapshots():
        pass
    network, *others = compare(run.prepared, "classification", run)
    assert network.name == NETWORK and "trained for 3 epochs" in network.sentence
    measured = run.evaluate()
    assert network.test["accuracy"].value == pytest.approx(measured["test"]["accuracy"])
    assert network.test["log_loss"].value == pytest.approx(measured["test"]["loss"], abs=1e-6)
    assert network.train["accuracy"].value == pytest.approx(measured["train"]["accuracy"])
    neighbours = by_name(others)["Nearest neighbours"]
    gain = neighbours.test["accuracy"].value - network.test["accuracy"].value
    assert gain > 0.2
    assert f"better than the network by {gain:.2g} in accuracy" in neighbours.sentence
    assert "50 test rows that is more than chance gives" in neighbours.sentence


def test_the_comparison_changes_nothing_in_the_run() -> None:
    run = Run(iris())
    before = [parameter.clone() for parameter in run.network.parameters()]
    state = torch.get_rng_state()
    first = compare(run.prepared, "classification", run)
    assert "was not trained yet" in first[0].sentence
    assert all(torch.equal(a, b) for a, b in zip(before, run.network.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    again = compare(run.prepared, "classification", run)
    assert [rival.test for rival in again] == [rival.test for rival in first]


def test_a_small_difference_is_within_chance_and_a_large_one_is_not() -> None:
    targets = np.arange(30) % 2
    own, other = targets.copy(), targets.copy()
    other[:1] = 1 - other[:1]
    small = difference(targets, Answers(own), Answers(other))
    assert small.value == pytest.approx(1 / 30) and small.low <= 0
    other[:15] = 1 - targets[:15]
    large = difference(targets, Answers(own), Answers(other))
    assert large.value == 0.5 and large.low > 0.2
    assert difference(targets, Answers(other), Answers(own)).high < -0.2


def test_wilson_has_the_published_values() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, method 3
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)


def test_the_drawn_figures_are_those_of_scikit_learn_with_weights() -> None:
    """Each drawing is what scikit-learn computes with the rows repeated as often as they were drawn."""
    from nnstudio.engine import chance

    generator = np.random.default_rng(1)
    targets = generator.integers(0, 2, 40)
    share = np.round(generator.random(40), 1)  # with ties
    said = Answers((share > 0.5).astype(np.int64), np.stack([1 - share, share], axis=1))
    weights = next(chance._drawings(40))
    drawn = chance._classes(targets, said, weights, "")
    for place in range(5):
        assert drawn["auc"][place] == pytest.approx(metrics.roc_auc_score(targets, share, sample_weight=weights[place]))
        assert drawn["accuracy"][place] == pytest.approx(
            metrics.accuracy_score(targets, said.predictions, sample_weight=weights[place])
        )
    values = generator.normal(size=(40, 1))
    near = Answers(values + generator.normal(size=(40, 1)) / 3)
    drawn = chance._numbers(values, near, weights)
    for place in range(5):
        repeated = np.repeat(np.arange(40), weights[place].astype(int))
        assert drawn["r2"][place] == pytest.approx(metrics.r2_score(values[repeated], near.predictions[repeated]))
        assert drawn["mae"][place] == pytest.approx(
            metrics.mean_absolute_error(values[repeated], near.predictions[repeated])
        )


def test_an_interval_holds_its_figure_and_is_narrower_with_more_rows() -> None:
    generator = np.random.default_rng(2)
    widths = []
    for rows in (50, 2000):
        targets = generator.integers(0, 2, rows)
        share = np.clip(0.3 * targets + 0.7 * generator.random(rows), 0.01, 0.99)
        found = figures(targets, Answers((share > 0.5).astype(np.int64), np.stack([1 - share, share], axis=1)))
        for figure in found.values():
            assert figure.low <= figure.value <= figure.high
        widths.append({key: figure.high - figure.low for key, figure in found.items()})
    assert all(widths[1][key] < widths[0][key] for key in ("accuracy", "log_loss", "auc"))


def test_without_test_rows_nothing_is_said_of_new_ones() -> None:
    run = Run(iris().with_data(test_share=0.0))
    found = compare(run.prepared, "classification", run)
    assert all(rival.test == {} and rival.train for rival in found)
    assert "no test rows" in notes(run.prepared)[-1]


def test_many_rows_are_sampled_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST_TRAIN_ROWS", 50)
    monkeypatch.setattr(comparison, "MOST_TEST_ROWS", 20)
    run = Run(iris())
    said = notes(run.prepared)
    assert "learn from 50 of the 120 training rows" in said[0] and "on 20 of the 30 test rows" in said[1]
    network = compare(run.prepared, "classification", run)[0]
    right = network.test["accuracy"].value * 20
    assert right == pytest.approx(round(right))


def test_images_are_flattened_and_too_few_rows_are_refused() -> None:
    assert "flattened" in notes(prepare(DataSettings(dataset("Digits"))))[0]
    few = prepare(DataSettings(dataset("XOR"), test_share=0.0))
    assert why_not(few, "classification") == "A comparison needs at least 5 training rows; there are 4."
    with pytest.raises(ValueError, match="at least 5 training rows"):
        compare(few, "classification")


def test_it_can_be_called_off_between_two_models() -> None:
    heard: list[str] = []

    def listen(share: float | None, words: str) -> bool:
        heard.append(words)
        return len(heard) < 2

    with told_to(listen), pytest.raises(Cancelled):
        compare(prepare(iris().data), "classification")
    assert heard == ["Training: Most frequent class", "Training: Logistic regression"]


def test_a_network_whose_output_is_no_number_does_not_spoil_the_others() -> None:
    run = Run(iris())
    with torch.no_grad():
        next(run.network.parameters())[0, 0] = float("inf")
        next(run.network.parameters())[0, 1] = float("-inf")
    network, *others = compare(run.prepared, "classification", run)
    assert network.failed and "not a number" in network.sentence
    assert all(not rival.failed and rival.test for rival in others)
