"""Figures of an evaluation: counted by hand, and scikit-learn's own where it has them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn import metrics
from sklearn.calibration import calibration_curve

from engine.projects import chain, dataset, iris, layer, loss, optimizer, spirals
from nnstudio.core import storage
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine import class_figures, value_figures
from nnstudio.engine import evaluation as evaluations
from nnstudio.engine.evaluation import Evaluation, evaluation, look, parts_of
from nnstudio.engine.run import Run


def judged(targets: list[int], probabilities: np.ndarray, names: str = "abc") -> Evaluation:
    """The evaluation of a network that says these probabilities."""
    said = np.asarray(probabilities, np.float64)
    return Evaluation(
        "test",
        0,
        np.arange(len(targets)) + 100,
        len(targets),
        "classification",
        targets=np.array(targets),
        predictions=said.argmax(axis=1),
        scores=said,
        probabilities=said,
        class_names=tuple(names[: said.shape[1]]),
        case_rows=np.arange(len(targets)) + 100,
    )


def certain(predictions: list[int], classes: int = 3, share: float = 0.8) -> np.ndarray:
    said = np.full((len(predictions), classes), (1 - share) / (classes - 1))
    said[np.arange(len(predictions)), predictions] = share
    return said


def finished(project: Project) -> Run:
    run = Run(project)
    for _ in run.snapshots():
        pass
    return run


def digest(checkpoint: Checkpoint) -> str:
    records = [{k: v for k, v in record.items() if k != "seconds"} for record in checkpoint.history.epochs]
    plain = replace(checkpoint, seconds=0.0, history=replace(checkpoint.history, epochs=tuple(records)))
    return hashlib.sha256(storage.to_bytes(Project(), plain)).hexdigest()


# -- by hand -------------------------------------------------------------------------------------------------------


def test_the_confusion_matrix_counted_by_hand() -> None:
    found = class_figures.confusion(judged([0, 0, 0, 1, 1, 2], certain([0, 0, 1, 1, 2, 2])))
    assert found.counts.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert found.shares.tolist() == [[2 / 3, 1 / 3, 0], [0, 0.5, 0.5], [0, 0, 1]]
    assert found.precision.tolist() == [1, 0.5, 0.5]
    assert found.recall.tolist() == [2 / 3, 0.5, 1]
    assert found.f1.tolist() == pytest.approx([0.8, 0.5, 2 / 3])
    assert found.support.tolist() == [3, 2, 1]
    assert found.accuracy == pytest.approx(4 / 6)


def test_a_class_that_is_absent_has_no_recall_and_no_curve() -> None:
    said = judged([0, 0, 2, 2], certain([0, 2, 2, 2]))
    found = class_figures.confusion(said)
    assert found.counts.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 2]]
    assert np.isnan(found.recall[1]) and np.isnan(found.precision[1]) and np.isnan(found.shares[1]).all()
    assert [curve.name for curve in class_figures.roc(said)] == ["a", "c"]
    assert [curve.name for curve in class_figures.precision_recall(said)] == ["a", "c"]
    summary = class_figures.summary(said)
    assert summary["balanced_accuracy"] == pytest.approx((0.5 + 1) / 2)
    assert all(np.isfinite(value) for value in summary.values())


def test_only_one_class_in_the_part() -> None:
    summary = class_figures.summary(judged([1, 1, 1], certain([1, 1, 0])))
    assert "auc" not in summary and "average_precision" not in summary
    assert summary["accuracy"] == pytest.approx(2 / 3)


def test_a_perfect_classifier() -> None:
    said = judged([0, 1, 2, 1], certain([0, 1, 2, 1], share=1.0))
    summary = class_figures.summary(said)
    assert (summary["accuracy"], summary["auc"], summary["average_precision"]) == (1, 1, 1)
    assert summary["log_loss"] == pytest.approx(0, abs=1e-12) and summary["brier_score"] == 0
    assert summary["calibration_error"] == 0
    assert class_figures.mistakes(said).of == 0


def test_a_classifier_that_always_says_the_same() -> None:
    said = judged([0, 1, 1, 1], np.tile([0.25, 0.75], (4, 1)))
    summary = class_figures.summary(said)
    assert summary["auc"] == 0.5 and summary["accuracy"] == 0.75
    assert summary["balanced_accuracy"] == 0.5
    assert summary["average_precision"] == 0.75
    assert summary["calibration_error"] == 0  # three of four are what it calls 75 % likely
    assert summary["brier_score"] == pytest.approx(0.75 * 0.0625 + 0.25 * 0.5625)


def test_a_random_classifier_is_near_chance() -> None:
    generator = np.random.default_rng(3)
    share = generator.random(4000)
    targets = generator.integers(0, 2, 4000)
    summary = class_figures.summary(judged(targets.tolist(), np.stack([1 - share, share], axis=1)))
    assert summary["auc"] == pytest.approx(0.5, abs=0.03)
    assert summary["brier_score"] == pytest.approx(1 / 3, abs=0.02)


def test_calibration_counted_by_hand() -> None:
    share = np.array([0.05, 0.05, 0.65, 0.65, 0.65, 0.95])
    found = class_figures.calibration(judged([0, 1, 1, 1, 0, 1], np.stack([1 - share, share], axis=1)))
    assert found is not None and found.subject == "b"
    assert found.counts.tolist() == [2, 3, 1]
    assert found.predicted.tolist() == pytest.approx([0.05, 0.65, 0.95])
    assert found.observed.tolist() == pytest.approx([0.5, 2 / 3, 1])
    assert found.error == pytest.approx((2 * 0.45 + 3 * (2 / 3 - 0.65) + 0.05) / 6)


def test_mistakes_come_with_the_most_certain_first() -> None:
    said = judged([0, 0, 1, 2], np.array([[0.1, 0.9, 0], [0.6, 0.4, 0], [0.7, 0.3, 0], [0, 0.95, 0.05]]))
    found = class_figures.mistakes(said)
    assert found.rows.tolist() == [103, 100, 102] and found.of == 3
    assert found.targets.tolist() == [2, 0, 1] and found.predictions.tolist() == [1, 1, 0]
    assert found.certainty.tolist() == [0.95, 0.9, 0.7]
    assert class_figures.mistakes(said, most=1).rows.tolist() == [103]
    assert class_figures.rows_in(said, 0, 0).tolist() == [101]
    assert class_figures.rows_in(said, 2, 0).tolist() == []


def test_scores_that_are_no_probabilities_have_no_calibration() -> None:
    said = replace(judged([0, 1, 1], np.array([[1.2, -0.2], [0.1, 0.9], [0.3, 0.7]])), probabilities=None)
    assert class_figures.calibration(said) is None
    summary = class_figures.summary(said)
    assert set(summary) == {"accuracy", "balanced_accuracy", "f1", "auc", "average_precision"}
    assert summary["auc"] == 1


def test_residuals_counted_by_hand() -> None:
    said = Evaluation(
        "test",
        0,
        np.array([7, 8, 9]),
        3,
        "regression",
        targets=np.array([[1.0], [2.0], [6.0]]),
        predictions=np.array([[1.0], [3.0], [4.0]]),
    )
    found = value_figures.residuals(said)
    assert found.values.tolist() == [0, -1, 2]
    summary = value_figures.summary(said)
    assert summary["mae"] == 1 and summary["rmse"] == pytest.approx((5 / 3) ** 0.5)
    assert summary["r2"] == pytest.approx(1 - 5 / 14)
    assert summary["residual_50%"] == 0
    worst = value_figures.misses(said)
    assert worst.rows.tolist() == [9, 8, 7] and worst.distance.tolist() == [2, 1, 0]
    one = replace(said, rows=said.rows[:1], targets=said.targets[:1], predictions=said.predictions[:1])
    assert "r2" not in value_figures.summary(one)


# -- a second implementation ---------------------------------------------------------------------------------------


def test_curves_are_those_of_scikit_learn() -> None:
    run = finished(iris(epochs=20))
    found = evaluation(run, "train")
    output = torch.from_numpy(run.predict(run.prepared.data.inputs[run.prepared.train_rows]))
    truth = run.prepared.data.targets[run.prepared.train_rows]
    shares = output.double().softmax(dim=1).numpy()
    assert found.probabilities == pytest.approx(shares, abs=1e-7)
    for curve in class_figures.roc(found):
        assert curve.area == pytest.approx(metrics.roc_auc_score(truth == curve.number, shares[:, curve.number]))
    for curve in class_figures.precision_recall(found):
        assert curve.area == pytest.approx(
            metrics.average_precision_score(truth == curve.number, shares[:, curve.number])
        )
    level = class_figures.calibration(found)
    assert level is not None
    right = (shares.argmax(axis=1) == truth).astype(int)
    observed, predicted = calibration_curve(right, shares.max(axis=1), n_bins=10)
    assert level.observed == pytest.approx(observed) and level.predicted == pytest.approx(predicted, abs=1e-7)
    assert level.counts.sum() == len(truth)
    summary = class_figures.summary(found)
    assert summary["auc"] == pytest.approx(metrics.roc_auc_score(truth, shares, multi_class="ovr"))
    assert summary["f1"] == pytest.approx(metrics.f1_score(truth, shares.argmax(axis=1), average="macro"))
    assert summary["log_loss"] == pytest.approx(metrics.log_loss(truth, shares), abs=1e-6)
    assert summary["brier_score"] == pytest.approx(((shares - np.eye(3)[truth]) ** 2).sum(axis=1).mean(), abs=1e-6)


# -- of a run ------------------------------------------------------------------------------------------------------


def test_loss_and_metrics_are_those_of_the_run() -> None:
    for project in (iris(epochs=3), spirals(epochs=3)):
        run = finished(project)
        for part in ("train", "test"):
            found = evaluation(run, part)
            assert {"loss": found.loss, **found.metrics} == run.evaluate()[part]
            assert found.rows.tolist() == run.prepared.part(part).rows.tolist()


def test_one_output_is_two_probabilities() -> None:
    found = evaluation(finished(spirals(epochs=1)), "test")
    assert found.probabilities is not None and found.probabilities.shape == (found.of, 2)
    assert (found.probabilities.argmax(axis=1) == found.predictions).all()


def test_looking_changes_nothing() -> None:
    plain = Run(spirals(layer("Linear", out_features=8), layer("Dropout")))
    for _ in plain.snapshots():
        pass
    looked_at = Run(spirals(layer("Linear", out_features=8), layer("Dropout")))
    for _ in range(9):
        for _ in looked_at.snapshots(steps=10):
            pass
        for part in parts_of(looked_at):
            found = look(looked_at, part)
            class_figures.summary(found)
    for _ in looked_at.snapshots():
        pass
    assert digest(looked_at.checkpoint()) == digest(plain.checkpoint())


def test_views_share_a_look_until_the_weights_change(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(iris())
    first = look(run, "test")
    assert look(run, "test") is first and look(run, "train") is not first
    for _ in run.snapshots(steps=1):
        pass
    assert look(run, "test") is not first
    monkeypatch.setattr(evaluations, "MOST_LOOKED_AT", 20)
    other = Run(iris())
    few = look(other, "test")
    assert len(few.rows) == 20 and few.of == 30 and few.size_in_words == "20 of 30 test rows"
    assert set(few.rows) < set(other.prepared.test_rows)
    assert look(Run(iris()), "test").rows.tolist() == few.rows.tolist()


def test_a_network_that_is_too_large_for_a_look_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(iris())
    monkeypatch.setattr(evaluations, "WORK_OF_A_LOOK", 4 * evaluations.work_of_a_row(run))
    assert evaluations.rows_of_a_look(run) == evaluations.FEWEST_LOOKED_AT
    monkeypatch.setattr(evaluations, "WORK_OF_A_LOOK", 1.0)
    assert evaluations.rows_of_a_look(run) == 0
    assert "nnstudio evaluate FILE" in look(run, "test").problem
    assert not evaluation(run, "test").problem


def test_parts_without_rows_say_so() -> None:
    run = Run(iris().with_data(test_share=0.0))
    assert parts_of(run) == ("train",)
    found = evaluation(run, "test")
    assert found.problem == "There are no test rows. Give them a share of the rows in the Data panel."
    assert evaluation(Run(iris().with_data(validation_share=0.25)), "validation").of == 30


def test_outputs_that_are_no_numbers_give_a_sentence() -> None:
    run = Run(iris())
    with torch.no_grad():
        next(run.network.parameters())[0, 0] = float("nan")
    found = evaluation(run, "test")
    assert "30 of 30 test rows is not a number" in found.problem and "Reset the weights" in found.problem
    assert f"row {run.prepared.test_rows[0]}" in found.problem


def test_numbers_are_predicted_too() -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss")))
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.1), epochs=5)
    run = finished(Project(graph, DataSettings(dataset("Diabetes")), training))
    found = evaluation(run, "test")
    rows = run.prepared.test_rows
    said, truth = run.predict(run.prepared.data.inputs[rows]), run.prepared.data.targets[rows]
    assert found.task == "regression" and found.scores is None
    assert value_figures.summary(found)["r2"] == pytest.approx(metrics.r2_score(truth, said))
    assert found.metrics["r2"] == pytest.approx(metrics.r2_score(truth, said), abs=1e-6)


def test_an_output_that_copies_the_input_is_judged_by_the_input() -> None:
    graph = chain(
        layer("Input"), layer("Linear", out_features=4), layer("Output", loss=loss("MSELoss"), target="input")
    )
    run = finished(Project(graph, DataSettings(dataset("Iris")), TrainingSettings(optimizer=optimizer("Adam"))))
    found = evaluation(run, "test")
    assert found.task == "regression" and found.target_name == "input"
    assert found.targets == pytest.approx(run.prepared.test_inputs.numpy())


def test_each_place_of_a_row_is_a_case() -> None:
    read = torch.rand(5, 3, 4).softmax(dim=1)
    cases = evaluations._by_case(read, 3)
    assert cases.shape == (20, 3)
    assert torch.equal(cases[4 * 2 + 1], read[2, :, 1])


class Sentences(Dataset, category="Text", abstract=True):
    """Rows of four tokens, each followed by the next; the last one does not count."""

    def load(self) -> Data:
        rows = (np.arange(24)[:, None] + np.arange(4)[None]) % 3
        targets = (rows + 1) % 3
        targets[:, 3] = -100
        return Data(rows, targets, "classification", (), ("a", "b", "c"), vocabulary=("a", "b", "c"))

    def source(self) -> str:
        return ""


def test_places_are_cases_of_their_row_and_those_that_do_not_count_are_left_out() -> None:
    graph = chain(
        layer("Input"),
        layer("Embedding", num_embeddings=3, embedding_dim=3),
        layer("Transpose", first=1, second=2),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    run = finished(Project(graph, DataSettings(Sentences()), TrainingSettings(optimizer=optimizer("Adam", lr=0.1))))
    found = evaluation(run, "test")
    assert not found.problem
    assert found.case_rows.tolist() == np.repeat(found.rows, 3).tolist()
    assert found.targets.tolist() == run.prepared.data.targets[found.rows][:, :3].reshape(-1).tolist()
    assert class_figures.confusion(found).accuracy == 1
    assert found.probabilities is not None and found.probabilities.shape == (3 * found.of, 3)
