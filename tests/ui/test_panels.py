"""The live views: what they measure is true and changes nothing; what they draw is finite, thinned and in the theme."""

from __future__ import annotations

import csv
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

import nnstudio.library  # noqa: F401
from nnstudio.core.checkpoint import History
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset, Layer, Loss, Optimizer
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.panels import distributions, gradients, grid
from nnstudio.ui.panels.catalogue import PANELS, find
from nnstudio.ui.panels.figures import figure, tick
from nnstudio.ui.panels.framed import FramedPanel
from nnstudio.ui.panels.gradients import GradientsPanel
from nnstudio.ui.panels.loss import LossPanel
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Curve
from nnstudio.ui.panels.surface import SurfacePanel
from nnstudio.ui.panels.weights import KEPT, RIDGES, WeightsPanel


def project(data: str, *sizes: int, loss: str, epochs: int = 2, **settings: object) -> Project:
    """Input, Linear layers of these sizes with Tanh between them, Output."""
    layers = registered(Layer)
    drawn: list[Layer] = [layers["Input"]()]
    for size in sizes:
        drawn += [layers["Linear"](out_features=size), layers["Tanh"]()]
    drawn[-1] = layers["Output"](loss=registered(Loss)[loss]())
    graph = Graph()
    last = None
    for item in drawn:
        graph, node = graph.add(item)
        graph = graph if last is None else graph.wire(last, node)
        last = node
    return Project(
        graph,
        DataSettings(registered(Dataset)[data](**settings)),
        TrainingSettings(optimizer=registered(Optimizer)["Adam"](lr=0.01), epochs=epochs, batch_size=16),
    )


def spirals(**settings: object) -> Project:
    return project("Spirals", 8, 1, loss="BCEWithLogitsLoss", **settings)  # type: ignore[arg-type]


def suited(kind: type[FramedPanel]) -> Project:
    """A project with what this panel is for: numbers to predict, or classes."""
    return project("Diabetes", 8, 1, loss="MSELoss") if kind.key == "residuals" else spirals()


def snapshot(
    records: tuple[dict[str, object], ...] = (), losses: np.ndarray | None = None, batches: int = 10
) -> Snapshot:
    losses = np.zeros(0, np.float32) if losses is None else losses
    history = History(records, losses)
    return Snapshot(len(records), 0, batches, len(losses), 100, 0.01, 1.0, 100.0, history, False)


def record(epoch: int, train: float | None, test: float | None = None, batches: int = 10) -> dict[str, object]:
    return {
        "epoch": epoch,
        "step": batches * epoch,
        "train": {"loss": train, "accuracy": 0.5},
        "test": {} if test is None else {"loss": test, "accuracy": 0.25},
        "lr": 0.01,
        "seconds": 1.0,
    }


def feed(panel: FramedPanel, run: Run) -> None:
    """What the window does for a panel when nothing trains."""
    measure = panel.request()
    panel.draw(None if measure is None else measure(run), run.snapshot())


def shown(qtbot: QtBot, kind: type[FramedPanel], of: Project, width: int = 310, height: int = 240) -> FramedPanel:
    panel = kind(Document(of))
    qtbot.addWidget(panel)
    panel.resize(width, height)
    panel.show()
    return panel


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> Iterator[None]:
    if theme.current() is not theme.LIGHT or not qapp.styleSheet():
        theme.apply(qapp, theme.LIGHT)
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # or the widgets of all tests would pile up
    if theme.current() is not theme.LIGHT:
        theme.apply(qapp, theme.LIGHT)


def test_the_folder_is_the_catalogue() -> None:
    shown = ["loss", "surface", "weights", "gradients"]
    assert [panel.key for panel in PANELS if panel.at_first] == shown
    later = ["confusion", "roc", "precision_recall", "calibration", "residuals", "mistakes"]
    assert [panel.key for panel in PANELS if not panel.at_first and panel.key in later] == later
    assert find() == PANELS
    assert all(panel.title and panel.sentence.endswith(".") for panel in PANELS)


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_begins_empty_draws_a_training_and_can_be_cleared(qtbot: QtBot, kind: type[FramedPanel]) -> None:
    panel = shown(qtbot, kind, suited(kind))
    assert not panel.shows_content and panel.empty.sentence == kind.sentence
    run = Run(panel.document.project)
    for _ in run.snapshots(interval=0.005):
        feed(panel, run)
    assert panel.shows_content
    panel.clear()
    assert not panel.shows_content and panel.empty.sentence == kind.sentence
    feed(panel, run)
    assert panel.shows_content


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_survives_numbers_that_are_none(qtbot: QtBot, kind: type[FramedPanel]) -> None:
    panel = shown(qtbot, kind, suited(kind))
    run = Run(panel.document.project)
    for _ in run.snapshots(steps=3):
        pass
    for parameter in run.network.parameters():
        parameter.data.fill_(math.nan)
        assert parameter.grad is not None
        parameter.grad.fill_(math.inf)
    measure = panel.request()
    losses = np.array([np.nan, np.inf, 1.0, -np.inf], np.float32)
    records = (record(1, None, 0.3), record(2, math.inf, math.nan))
    panel.draw(None if measure is None else measure(run), replace(snapshot(records, losses), step=99))
    panel.grab()
    for plot in panel.findChildren(Plot):
        assert all(map(math.isfinite, plot.visible_range()))


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_fits_where_four_stand_side_by_side(qtbot: QtBot, kind: type[FramedPanel]) -> None:
    panel = shown(qtbot, kind, suited(kind))
    run = Run(panel.document.project)
    for _ in run.snapshots(epochs=1):
        pass
    feed(panel, run)
    assert panel.minimumSizeHint().width() <= 300 and panel.minimumSizeHint().height() <= 240
    panel.resize(300, 240)

    def nothing_is_clipped() -> None:
        for control in panel.header.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if control.isVisible():
                assert control.sizeHint().width() <= control.width()
                assert panel.header.rect().contains(control.geometry())

    qtbot.waitUntil(nothing_is_clipped)


def test_looking_changes_nothing(qtbot: QtBot) -> None:
    panels = [shown(qtbot, kind, spirals()) for kind in PANELS]
    watched, alone = Run(spirals()), Run(spirals())
    torch.manual_seed(5)
    before = torch.get_rng_state()
    for _ in watched.snapshots(interval=0.0):
        for panel in panels:
            feed(panel, watched)
    for _ in alone.snapshots():
        pass
    assert torch.equal(before, torch.get_rng_state())
    for one, other in zip(watched.network.parameters(), alone.network.parameters(), strict=True):
        assert torch.equal(one, other)


# -- loss and metrics --------------------------------------------------------------------------------------------------


def test_millions_of_steps_are_drawn_with_few_points_and_every_spike(qtbot: QtBot) -> None:
    panel = shown(qtbot, LossPanel, spirals())
    losses = np.full(1_000_000, 0.5, np.float32)
    losses[765_432] = 40.0
    panel.draw(None, snapshot(tuple(record(epoch, 0.5, 0.6, 1000) for epoch in range(1, 1001)), losses, batches=1000))
    curves = [thing for thing in panel.plot._things if isinstance(thing, Curve)]
    assert sum(len(curve.getData()[0]) for curve in curves if curve.getData()[0] is not None) < 6000
    assert all(curve.getData()[0] is None or len(curve.getData()[0]) <= 2000 for curve in curves)
    xs, ys = panel._steps_curve.getData()
    assert ys.max() == 40.0
    assert xs[ys.argmax()] == pytest.approx(765.4, abs=10)


def test_curves_legend_and_metrics(qtbot: QtBot) -> None:
    panel = shown(qtbot, LossPanel, spirals())
    records = tuple(record(epoch, 1 / epoch, 2 / epoch) for epoch in range(1, 21))
    panel.draw(None, snapshot(records, np.linspace(1, 0.05, 200, dtype=np.float32)))
    assert [words for words, _ in panel.plot.words.lines] == ["train 0.05", "test 0.1"]
    np.testing.assert_allclose(panel._curves["test"].ys, 2 / np.arange(1, 21))
    panel.findChild(object, "show_accuracy").click()
    assert [words for words, _ in panel.plot.words.lines] == ["train 50.0 %", "test 25.0 %"]
    assert panel.log_button.isHidden() and panel.plot.visible_range()[3] == pytest.approx(1.0, abs=0.02)


def test_log_scale_smoothing_and_learning_rate(qtbot: QtBot) -> None:
    panel = shown(qtbot, LossPanel, spirals(), 700, 400)
    values = [0.1, 100.0] * 10
    panel.draw(None, snapshot(tuple(record(n + 1, value) for n, value in enumerate(values)), np.ones(200, np.float32)))
    panel.log_button.click()
    assert panel.plot.logarithmic
    np.testing.assert_allclose(panel._curves["train"].getData()[1], np.log10(values))
    panel.set_smooth(True)
    np.testing.assert_allclose(panel._raw["train"].ys, values)
    assert np.ptp(panel._curves["train"].ys[5:]) < 60
    panel.show_lr(True)
    assert panel.lr_plot.isVisible() and set(panel._lr_curve.ys) == {0.01}
    assert panel.lr_plot.visible_range()[:2] == panel.plot.visible_range()[:2]


def test_nothing_new_draws_nothing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = shown(qtbot, LossPanel, spirals())
    now = snapshot((record(1, 0.5),), np.ones(10, np.float32))
    panel.draw(None, now)
    drawn = []
    monkeypatch.setattr(Curve, "show_points", lambda *_: drawn.append(1))
    panel.draw(None, now)
    assert not drawn
    panel.draw(None, snapshot((record(1, 0.5),), np.ones(11, np.float32)))
    assert drawn


def test_a_new_training_replaces_the_curves(qtbot: QtBot) -> None:
    panel = shown(qtbot, LossPanel, spirals())
    panel.draw(None, snapshot((record(1, 0.5), record(2, 0.4)), np.ones(20, np.float32)))
    panel.draw(None, snapshot((record(1, 0.9),), np.full(10, 2.0, np.float32)))
    np.testing.assert_allclose(panel._columns.column("train", "loss"), [0.9])
    panel.draw(None, snapshot())
    assert not panel.shows_content


def test_a_zoomed_plot_stays_until_it_is_fitted(qtbot: QtBot) -> None:
    panel = shown(qtbot, LossPanel, spirals())
    records = tuple(record(epoch, 1 / epoch) for epoch in range(1, 51))
    panel.draw(None, snapshot(records, np.ones(500, np.float32)))
    QTest.keyClick(panel.plot, Qt.Key.Key_Plus)
    zoomed = panel.plot.visible_range()
    more = tuple(record(epoch, 1 / epoch) for epoch in range(1, 101))
    panel.draw(None, snapshot(more, np.ones(1000, np.float32)))
    assert panel.plot.visible_range() == zoomed
    QTest.mouseDClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(150, 80))
    assert panel.plot.visible_range()[1] >= 100


def test_the_cursor_tells_the_values(qtbot: QtBot) -> None:
    panel = shown(qtbot, LossPanel, spirals())
    panel.draw(None, snapshot(tuple(record(epoch, 1 / epoch) for epoch in range(1, 11)), np.ones(100, np.float32)))
    assert [words for words, _ in panel._readout(4.2, 0.1)] == ["epoch 4", "train 0.25"]
    assert panel._readout(-3, 0.1) is None


# -- decision surface --------------------------------------------------------------------------------------------------


def test_the_surface_is_what_the_network_answers() -> None:
    run = Run(spirals())
    for _ in run.snapshots():
        pass
    look = grid.look(run, resting=False)
    assert look.kind == "surface" and look.values is not None and look.values.shape == (100, 100)
    x0, x1, y0, y1 = look.extent
    for row, column in ((0, 0), (10, 90), (99, 3)):
        place = np.array([[x0 + (column + 0.5) / 100 * (x1 - x0), y0 + (row + 0.5) / 100 * (y1 - y0)]])
        share = 1 / (1 + math.exp(-float(run.predict(place)[0, 0])))
        assert look.values[row, column] == pytest.approx(share * 255, abs=0.51)


def test_it_is_coarser_while_training_and_finer_at_rest(qtbot: QtBot) -> None:
    panel = shown(qtbot, SurfacePanel, spirals())
    run = Run(panel.document.project)
    found = []
    thread = threading.Thread(target=lambda: found.append(panel.request()(run)))
    thread.start()
    thread.join()
    assert found[0].values.shape == (100, 100)
    assert panel.request()(run).values.shape == (200, 200)


def test_a_large_network_gets_a_coarse_surface() -> None:
    run = Run(project("Spirals", 300, 300, 1, loss="BCEWithLogitsLoss"))
    assert grid.look(run, resting=False).values.shape[0] < 40


def test_several_classes_share_the_colors(qtbot: QtBot) -> None:
    blobs = project("Blobs", 3, loss="CrossEntropyLoss", centers=3, epochs=20)
    panel = shown(qtbot, SurfacePanel, blobs)
    run = Run(blobs)
    for _ in run.snapshots():
        pass
    look = panel.request()(run)
    winners = set((look.values // grid.levels(3)).ravel().tolist())
    assert look.classes == 3 and winners == {0, 1, 2}
    panel.draw(look, run.snapshot())
    assert "accuracy" in panel.header._words
    inside = panel._readout(*run.prepared.data.inputs[run.prepared.train_rows[0]])
    assert inside is not None and inside[1][0].endswith("%")


def test_one_feature_gives_a_curve_and_many_a_sentence(qtbot: QtBot) -> None:
    panel = shown(qtbot, SurfacePanel, project("Curve1D", 8, 1, loss="MSELoss"))
    run = Run(panel.document.project)
    feed(panel, run)
    assert panel.shows_content
    np.testing.assert_allclose(panel._curve.ys, run.predict(panel._curve.xs[:, None])[:, 0], atol=1e-5)
    assert len(panel._train.getData()[0]) == len(run.prepared.train_rows)
    feed(panel, Run(project("Iris", 3, loss="CrossEntropyLoss")))
    assert not panel.shows_content and "these rows have 4" in panel.empty.sentence
    feed(panel, Run(project("Spirals", 1, loss="BCEWithLogitsLoss")))
    assert panel.shows_content and not panel._curve.isVisible()


# -- weights and gradients ---------------------------------------------------------------------------------------------


def test_the_selected_layer_is_weighed_else_the_first(qtbot: QtBot) -> None:
    panel = shown(qtbot, WeightsPanel, spirals(), 700, 300)
    run = Run(panel.document.project)
    linears = [node_id for node_id in run.network.names if run.network.module_of(node_id).state_dict()]
    assert panel.request()(run).node_id == linears[0]
    panel.document.select([linears[1]])
    reading = panel.request()(run)
    assert reading.node_id == linears[1] and reading.shape == (1, 8)
    np.testing.assert_array_equal(reading.values, run.network.module_of(linears[1]).weight.detach().numpy())
    assert np.abs(reading.values).max() <= reading.limit
    panel.draw(reading, run.snapshot())
    told = [words for words, _ in panel._matrix_readout(3.1, 0.0)]
    assert told == ["unit 0, input 3", figure(float(reading.values[0, 3]))]
    panel.document.select([next(iter(panel.document.project.graph.nodes))])  # the Input has none
    assert panel.request()(run).node_id == linears[0]


def test_a_reading_is_a_copy() -> None:
    run = Run(spirals())
    reading = distributions.weigh(run, ())
    before = reading.values.copy()
    for _ in run.snapshots(steps=5):
        pass
    np.testing.assert_array_equal(reading.values, before)


@pytest.mark.parametrize("count", [1, 2, 30, 5000])
def test_a_distribution_has_area_one(count: int) -> None:
    values = np.random.default_rng(count).normal(0.3, 2.0, count).astype(np.float32)
    places, density = distributions._density(values, float(values.mean()), float(values.std()))
    assert np.trapezoid(density, places) == pytest.approx(1.0, abs=0.02)
    assert (np.diff(places) > 0).all() and (density >= 0).all()


def test_ridges_span_the_whole_training(qtbot: QtBot) -> None:
    panel = shown(qtbot, WeightsPanel, spirals())
    run = Run(panel.document.project)
    reading = distributions.weigh(run, ())
    for step in range(0, 5000, 7):
        spread = replace(reading.spread, step=step)
        panel._newest = reading
        panel._keep(replace(reading, step=step, spread=spread))
    steps = [spread.step for spread in panel._shown()]
    assert len(steps) <= RIDGES and len(panel._history[reading.node_id][1]) <= KEPT
    assert steps[0] == 0 and steps[-1] == 4998
    assert max(np.diff(steps)) < 2.5 * 5000 / RIDGES


def test_gradient_norms_are_those_of_the_last_step(qtbot: QtBot) -> None:
    panel = shown(qtbot, GradientsPanel, spirals())
    run = Run(panel.document.project)
    feed(panel, run)
    assert not panel.shows_content
    for _ in run.snapshots(steps=3):
        pass
    reading = gradients.measure(run)
    for node_id, norm in zip(reading.node_ids, reading.norms, strict=True):
        own = torch.cat([p.grad.reshape(-1) for p in run.network.module_of(node_id).parameters()])
        assert norm == pytest.approx(float(own.norm()), rel=1e-5)
    feed(panel, run)
    for step in range(10, 3000):
        panel.draw(replace(reading, step=step), run.snapshot())
    assert len(panel._steps) <= gradients.READINGS and panel._steps[0] == 3 and panel._steps[-1] == 2999
    assert sum(len(curve.xs) for curve in panel._curves) <= gradients.POINTS + len(panel._curves)
    panel.document.select([reading.node_ids[1]])
    assert panel._curves[1].width > panel._curves[0].width


# -- the plot ----------------------------------------------------------------------------------------------------------


def test_a_plot_saves_itself(qtbot: QtBot, tmp_path: Path) -> None:
    plot = Plot("epoch", "loss")
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show()
    curve = plot.curve("train")
    curve.show_points(np.arange(3), np.array([1.0, np.nan, 0.25]))
    plot.bounds(0, 2, 0, 1)
    plot.table = lambda: {"epoch": np.arange(1, 4), "=loss": np.array([1.0, np.nan, 0.25]), "lr": np.float32([0.1])}
    for ending in ("png", "svg", "csv"):
        plot.save(tmp_path / f"plot.{ending}")
    assert QImage(str(tmp_path / "plot.png")).width() == 900
    assert "<svg" in (tmp_path / "plot.svg").read_text() and "epoch" in (tmp_path / "plot.svg").read_text()
    with (tmp_path / "plot.csv").open(newline="") as file:
        first, *rows = csv.reader(file)
    assert first == ["epoch", "'=loss", "lr"]
    assert rows == [["1", "1", "0.1"], ["2", "", ""], ["3", "0.25", ""]]
    with pytest.raises(FileNotFoundError):
        plot.save(tmp_path / "missing" / "plot.png")


def test_a_plot_follows_the_theme(qtbot: QtBot, qapp: QApplication) -> None:
    plot = Plot()
    qtbot.addWidget(plot)
    curve, dots, bars = plot.curve("train"), plot.points("test"), plot.bars("accent")
    dots.show_points(np.arange(3), np.arange(3))
    bars.show_bars(np.arange(4), np.array([1.0, np.nan, 2.0]))
    plot.cells().show_cells(np.zeros((2, 2), np.uint8), 0, 0, 1, 1)
    with qtbot.waitSignal(plot.restyled):
        theme.apply(qapp, theme.DARK)
    assert curve.opts["pen"].color() == theme.DARK.color("train")
    assert plot.backgroundBrush().color() == theme.DARK.color("window")


def test_bounds_that_are_no_numbers_are_ignored(qtbot: QtBot) -> None:
    plot = Plot()
    qtbot.addWidget(plot)
    plot.bounds(0, 5, 0, 1)
    plot.bounds(0, math.nan, 0, math.inf)
    assert plot.visible_range() == (0, 5, 0, 1)
    plot.bounds(0, 5, 2, 2)
    assert plot.visible_range()[2] < 2 < plot.visible_range()[3]


def test_the_menu_speaks_plainly(qtbot: QtBot) -> None:
    plot = Plot()
    qtbot.addWidget(plot)
    plot.may_be_logarithmic = True
    plot.table = dict
    names = [action.text() for action in plot.menu().actions() if action.text()]
    assert names == ["Fit to the numbers", "Log scale", "Save as PNG…", "Save as SVG…", "Save numbers as CSV…"]


def test_numbers_are_written_shortly() -> None:
    assert [figure(v) for v in (0.06123, 0.0, -1.5, 1.2e-5, 123456.0, math.nan)] == [
        "0.0612", "0", "−1.5", "1.2e−5", "1.23e5", "–",
    ]  # fmt: skip
    assert figure(0.9821, percent=True) == "98.2 %"
    assert [tick(v, 0.5) for v in (0.0, 0.5, -1.0)] == ["0", "0.5", "−1.0"]
    assert tick(20000.0, 1000.0) == "20,000" and tick(200000.0, 100000.0) == "2e5"
