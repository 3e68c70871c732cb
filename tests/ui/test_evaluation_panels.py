"""The panels about one part of the data: what they show is what was measured, a click on a cell shows its rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from sklearn import metrics

from engine.projects import chain, dataset, iris, layer, loss, optimizer, spirals
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine import evaluation as evaluations
from nnstudio.engine.run import Run
from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.panels import picture
from nnstudio.ui.panels.calibration import CalibrationPanel
from nnstudio.ui.panels.confusion import ConfusionPanel
from nnstudio.ui.panels.evaluated import EvaluatedPanel
from nnstudio.ui.panels.mistakes import MistakesPanel
from nnstudio.ui.panels.precision_recall import PrecisionRecallPanel
from nnstudio.ui.panels.residuals import ResidualsPanel
from nnstudio.ui.panels.roc import RocPanel
from nnstudio.ui.training import Training
from ui.names import nameless

KINDS = [ConfusionPanel, RocPanel, PrecisionRecallPanel, CalibrationPanel, ResidualsPanel, MistakesPanel]


def numbers() -> Project:
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss")))
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.05), epochs=3)
    return Project(graph, DataSettings(dataset("Diabetes")), training)


def digits() -> Project:
    output = layer("Output", loss=loss("CrossEntropyLoss"))
    graph = chain(layer("Input"), layer("Flatten"), layer("Linear", out_features=10), output)
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.01), epochs=2, batch_size=64)
    return Project(graph, DataSettings(dataset("Digits")), training)


def finished(project: Project) -> Run:
    run = Run(project)
    for _ in run.snapshots():
        pass
    return run


def shown(qtbot: QtBot, kind: type[EvaluatedPanel], run: Run, width: int = 420, height: int = 300) -> EvaluatedPanel:
    """A panel that is fed as the window does when nothing trains."""
    panel = kind(Document(run.project))
    qtbot.addWidget(panel)
    panel.resize(width, height)

    def feed() -> None:
        panel.draw(panel.request()(run), run.snapshot())

    panel.stale.connect(feed)
    panel.show()
    return panel


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> Iterator[None]:
    if theme.current() is not theme.LIGHT or not qapp.styleSheet():
        theme.apply(qapp, theme.LIGHT)
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_click_on_a_cell_shows_its_rows(qtbot: QtBot) -> None:
    run = finished(iris(epochs=30))
    panel = shown(qtbot, ConfusionPanel, run)
    assert isinstance(panel, ConfusionPanel)
    rows = run.prepared.test_rows
    said, truth = run.predict(run.prepared.data.inputs[rows]).argmax(axis=1), run.prepared.data.targets[rows]
    counts = metrics.confusion_matrix(truth, said, labels=range(3))
    assert panel.matrix.counts.tolist() == counts.tolist()
    true, predicted = np.argwhere(counts > 0)[-1].tolist()
    QTest.mouseClick(
        panel.matrix,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        panel.matrix.area_of((true, predicted)).center().toPoint(),
    )
    assert panel.rows.isVisible()
    assert set(panel.rows.rows) == set(rows[(truth == true) & (said == predicted)].tolist())
    assert panel.rows.table.rowCount() == counts[true, predicted]
    assert panel.rows.table.horizontalHeaderItem(2).text() == "sepal length (cm)"
    QTest.keyClick(panel.matrix, Qt.Key.Key_Escape)
    assert not panel.rows.isVisible()


def test_the_matrix_is_used_by_keyboard_too(qtbot: QtBot) -> None:
    panel = shown(qtbot, ConfusionPanel, finished(digits()))
    assert isinstance(panel, ConfusionPanel)
    panel.matrix.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space):
        QTest.keyClick(panel.matrix, key)
    assert panel.matrix.cell == (1, 1)
    assert panel.rows.images.count() == min(panel.matrix.counts[1, 1], 100)
    assert panel.rows.images.item(0).data(Qt.ItemDataRole.AccessibleTextRole).startswith("Row ")
    assert "1 recognised as 1" in panel.matrix.sentence((1, 1))


def test_a_hovered_cell_is_said_in_words(qtbot: QtBot) -> None:
    panel = shown(qtbot, ConfusionPanel, finished(iris(epochs=3)))
    assert isinstance(panel, ConfusionPanel)
    QTest.mouseMove(panel.matrix, panel.matrix.area_of((0, 2)).center().toPoint())
    counts = panel.matrix.counts
    share = 100 * counts[0, 2] / counts[0].sum()
    assert panel.matrix.sentence((0, 2)) == f"setosa taken for virginica: {counts[0, 2]} ({share:.1f} % of it)"


def test_another_part_is_measured_when_it_is_chosen(qtbot: QtBot) -> None:
    run = finished(iris(epochs=5).with_data(validation_share=0.25))
    panel = shown(qtbot, ConfusionPanel, run)
    assert isinstance(panel, ConfusionPanel)
    entries = panel.parts.menu().actions()
    assert [entry.text() for entry in entries] == ["Test", "Validation", "Training"]
    assert panel.matrix.counts.sum() == 30
    entries[2].trigger()
    assert panel.matrix.counts.sum() == len(run.prepared.train_rows) == 90
    assert panel.parts.text().startswith("Training") and entries[2].isChecked()


def test_curves_have_the_areas_of_scikit_learn(qtbot: QtBot) -> None:
    run = finished(spirals(epochs=8))
    rows = run.prepared.test_rows
    score, truth = run.predict(run.prepared.data.inputs[rows])[:, 0], run.prepared.data.targets[rows]
    for kind, expected in (
        (RocPanel, metrics.roc_auc_score(truth, score)),
        (PrecisionRecallPanel, metrics.average_precision_score(truth, score)),
    ):
        panel = shown(qtbot, kind, run)
        assert panel.judged is not None
        (curve,) = panel.judged.figures
        assert curve.area == pytest.approx(expected)
        assert f"{expected:.3g}" in panel.plot.words.lines[-1][0]  # type: ignore[attr-defined]
        readout = panel.plot.readout(curve.xs[3], curve.ys[3])  # type: ignore[attr-defined]
        assert readout is not None and "from a score of" in readout[1][0]


def test_many_classes_are_told_apart_by_dashes_and_the_worst_are_named(qtbot: QtBot) -> None:
    panel = shown(qtbot, RocPanel, finished(digits()))
    assert isinstance(panel, RocPanel)
    looks = {(line.dashes, line.color(theme.LIGHT).name()) for line in panel._lines}
    assert len(looks) == 10
    assert panel.plot.words.lines[0][0] == "the 4 lowest of 10" and len(panel.plot.words.lines) == 5


def test_calibration_needs_probabilities(qtbot: QtBot) -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss")))
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.1), epochs=2)
    panel = shown(qtbot, CalibrationPanel, finished(Project(graph, DataSettings(dataset("Moons")), training)))
    assert not panel.shows_content and "no probabilities" in panel.empty.sentence
    sure = shown(qtbot, CalibrationPanel, finished(spirals(epochs=4)))
    assert sure.shows_content and sure.judged is not None
    level, _ = sure.judged.figures
    assert sure.table()["cases"].sum() == 50  # type: ignore[attr-defined]
    assert level.error == pytest.approx(np.average(np.abs(level.observed - level.predicted), weights=level.counts))


def test_residuals_are_truth_minus_prediction(qtbot: QtBot) -> None:
    run = finished(numbers())
    panel = shown(qtbot, ResidualsPanel, run, width=640)
    assert isinstance(panel, ResidualsPanel)
    rows = run.prepared.test_rows
    said, truth = run.predict(run.prepared.data.inputs[rows]), run.prepared.data.targets[rows]
    table = panel.table()
    assert table["residual"] == pytest.approx((truth - said)[:, 0], abs=1e-6)
    assert panel.scatter.isVisible() and panel.histogram.isVisible()
    assert panel.scatter.words.lines[0][0] == f"R² {metrics.r2_score(truth, said):.3g}".replace("-", "−")
    panel.resize(320, 240)
    assert panel.scatter.isVisible() != panel.histogram.isVisible()


def test_mistakes_are_the_wrong_rows(qtbot: QtBot) -> None:
    run = finished(iris(epochs=10))
    panel = shown(qtbot, MistakesPanel, run)
    assert isinstance(panel, MistakesPanel)
    rows = run.prepared.test_rows
    said, truth = run.predict(run.prepared.data.inputs[rows]).argmax(axis=1), run.prepared.data.targets[rows]
    assert set(panel.rows.rows) == set(rows[said != truth].tolist())
    certainty = [float(panel.rows.table.item(row, 3).text().split()[0]) for row in range(panel.rows.table.rowCount())]
    assert certainty == sorted(certainty, reverse=True)
    worst = shown(qtbot, MistakesPanel, finished(numbers()))
    assert isinstance(worst, MistakesPanel)
    off = np.asarray(worst.table()["off by"])
    assert (np.diff(off) <= 0).all() and worst.rows.table.horizontalHeaderItem(3).text() == "off by"


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_shown_is_a_sentence(qtbot: QtBot, kind: type[EvaluatedPanel]) -> None:
    wrong = iris() if kind is ResidualsPanel else numbers()
    panel = shown(qtbot, kind, Run(wrong))
    if kind is not MistakesPanel:
        assert not panel.shows_content and kind.title in panel.empty.sentence and "View, Panels" in panel.empty.sentence
    run = Run(numbers() if kind is ResidualsPanel else iris())
    with torch.no_grad():
        for parameter in run.network.parameters():
            parameter.fill_(float("nan"))
    broken = shown(qtbot, kind, run)
    assert not broken.shows_content and "is not a number" in broken.empty.sentence


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_saved_and_every_control_has_a_name(
    qtbot: QtBot, kind: type[EvaluatedPanel], tmp_path: Path
) -> None:
    run = finished(numbers() if kind is ResidualsPanel else iris(epochs=5))
    panel = shown(qtbot, kind, run, width=640)
    assert nameless(panel) == []
    path = tmp_path / "numbers.csv"
    picture.write_csv(path, panel.table())  # type: ignore[attr-defined]
    names, *lines = csv.reader(path.read_text("utf-8").splitlines())
    assert lines and all(len(line) == len(names) for line in lines)
    menu = QMenu()
    panel.fill_menu(menu)
    entries = [action for entry in menu.actions() for action in (entry.menu().actions() if entry.menu() else [entry])]
    assert any("CSV" in entry.text() for entry in entries)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hidden_panel_is_not_measured_and_one_that_is_shown_is(
    qtbot: QtBot, kind: type[EvaluatedPanel], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    look = evaluations.evaluation
    monkeypatch.setattr(evaluations, "evaluation", lambda *given: looked.append(given[1]) or look(*given))
    document = Document(numbers() if kind is ResidualsPanel else iris(epochs=2))
    panel = kind(document)
    qtbot.addWidget(panel)
    training = Training(document, [panel])
    with qtbot.waitSignal(training.pulled):
        pass
    assert looked == [] and not panel.at_first
    panel.show()
    assert looked == ["test"] and panel.shows_content
    training.train()
    qtbot.waitUntil(lambda: training.state == "idle")
    assert panel.judged is not None and panel.judged.evaluation.step == training.run.step  # type: ignore[union-attr]
    training.shut_down()


def test_both_themes_are_drawn(qtbot: QtBot, qapp: QApplication) -> None:
    run = finished(iris(epochs=5))
    panel = shown(qtbot, ConfusionPanel, run)
    assert isinstance(panel, ConfusionPanel)
    place = panel.matrix.area_of((0, 1)).center().toPoint() + QPoint(9, 9)
    bright = panel.matrix.grab().toImage().pixelColor(place)
    theme.apply(qapp, theme.DARK)
    dark = panel.matrix.grab().toImage().pixelColor(place)
    theme.apply(qapp, theme.LIGHT)
    assert bright.lightness() > dark.lightness() + 80
