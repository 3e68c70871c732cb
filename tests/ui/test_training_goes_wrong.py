"""The window when a training goes wrong: what it says, what it keeps, and that it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from engine.projects import spirals
from engine.wrong_trainings import wrong_trainings
from nnstudio.core.checkpoint import History
from nnstudio.engine.last_good import finite
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui.document import Document
from nnstudio.ui.inspector.remedies import remedies
from nnstudio.ui.panels.loss import LossPanel
from nnstudio.ui.training import Training
from nnstudio.ui.window import Window

CASES = wrong_trainings()
FULL = "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to"


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Callable[..., Training]]:
    made: list[Training] = []

    def make_one(project: Any) -> Training:
        training = Training(Document(project))
        training.settle()
        made.append(training)
        return training

    yield make_one
    for training in made:
        training.shut_down()


def settle(qtbot: QtBot, training: Training, state: str) -> None:
    qtbot.waitUntil(lambda: training.state == state and not training.busy, timeout=20_000)


def told(qtbot: QtBot, training: Training) -> str:
    with qtbot.waitSignal(training.problem, timeout=30_000) as said:
        training.train()
    settle(qtbot, training, "paused")
    sentence: str = said.args[0]
    return sentence


def test_the_node_is_marked_and_the_document_has_the_last_good_step(make: Any, qtbot: QtBot) -> None:
    case = CASES["log of 0"]
    training = make(case.project)
    document = training.document
    sentence = told(qtbot, training)
    assert "In row 9 of the data, log takes the logarithm of 0" in sentence
    checkpoint = document.checkpoint
    assert checkpoint is not None and finite(checkpoint) and checkpoint.step == 2
    node = next(node.id for node in document.project.graph.nodes.values() if node.title == "log")
    (problem,) = document.report.at(node)
    assert problem.severity == "warning" and document.report.ready, "it may be trained"
    assert document.here.at(node) == [problem]
    assert len(training.newest.history.step_losses) >= 3, "the curves stay"
    # An edit takes the mark away, and the training goes on from the last good step.
    document.edit("Set", document.project.with_data(test_share=0.5))
    assert document.report.at(node) == []
    document.undo()
    resumed = Run(document.project, checkpoint)
    assert resumed.continuation == "exact" and resumed.step == 2


def test_after_a_remedy_it_goes_on_from_the_last_good_weights(make: Any, qtbot: QtBot) -> None:
    training = make(CASES["a rate that is set on the way"].project.with_training(epochs=10_000))
    for _ in range(3):
        training.one_epoch()
        settle(qtbot, training, "paused")
    kept = training.document.checkpoint
    training.set_lr(1e4)
    sentence = told(qtbot, training)
    assert "linear" in sentence and "learning rate" in sentence
    document = training.document
    assert kept.step <= document.checkpoint.step < kept.step + 50 and finite(document.checkpoint)
    assert max(float(np.abs(array).max()) for array in document.checkpoint.weights.values()) < 1e6
    step = document.checkpoint.step
    training.train()
    qtbot.waitUntil(lambda: training.run is not None and training.run.step > step + 20, timeout=20_000)
    assert training.state == "running"
    assert training.document.report.problems == () or all(p.node is None for p in training.document.report.problems)


def test_weights_that_the_last_step_spoilt_are_not_kept(make: Any, qtbot: QtBot) -> None:
    case = CASES["slope of a root at 0"]
    training = make(case.project)
    with qtbot.waitSignal(training.problem, timeout=30_000) as said:
        training.one_step()
    settle(qtbot, training, "paused")
    assert "slope is infinite" in said.args[0] and "row 14" in said.args[0]
    assert training.document.checkpoint is None


def test_an_error_in_a_step_keeps_what_was_learned(make: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    training = make(spirals(epochs=10_000).with_training(captured=False))
    training.one_epoch()
    settle(qtbot, training, "paused")
    kept = training.document.checkpoint
    monkeypatch.setattr(Run, "plain_step", lambda *given: (_ for _ in ()).throw(KeyError("nobody expected it")))
    assert "nobody expected it" in told(qtbot, training)
    assert training.document.checkpoint.step >= kept.step and training.run is None
    monkeypatch.undo()
    training.train()
    qtbot.waitUntil(lambda: training.run is not None and training.run.step > kept.step, timeout=20_000)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Callable[[Any], Window]]:
    made: list[Window] = []

    def make_one(project: Any) -> Window:
        window = Window(Document(project))
        window.show()
        made.append(window)
        return window

    yield make_one
    for one in made:
        one.training.shut_down()
        one.document._saved, one.document._saved_checkpoint = one.document.project, one.document.checkpoint
        one.close()
        one.deleteLater()


def test_a_click_leads_to_the_node(window: Any, qtbot: QtBot) -> None:
    opened = window(CASES["in a block"].project)
    opened.training.settle()
    with qtbot.waitSignal(opened.training.problem, timeout=30_000):
        opened.training.train()
    settle(qtbot, opened.training, "paused")
    assert "inner / log takes the logarithm" in opened.banner.sentence()
    curves = next(panel for panel in opened.panels if isinstance(panel, LossPanel))
    assert curves.shows_content and len(curves._steps) >= 5, "also of a training that ended before they were drawn"
    (found,) = [problem for problem in opened.document.report.problems if problem.severity == "warning"]
    assert remedies(opened.document.project, opened.document.report, found) == [], "another check would not find it"
    assert opened.banner.button.text() == "Show"
    assert opened.actions_["train"].text() == "Resume"
    opened.banner.button.click()
    document = opened.document
    assert len(document.inside) == 1
    (shown,) = document.selection
    assert document.graph.nodes[shown].title == "log"


def test_one_click_lowers_the_batch_size_and_goes_on(
    window: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = window(spirals(batch_size=64, epochs=100_000).with_training(captured=False))
    training, document = opened.training, opened.document
    training.settle()
    plain = Run.plain_step

    def full(run: Run, inputs: torch.Tensor, aims: Any) -> Any:
        if len(inputs) > 40:
            raise RuntimeError(FULL)
        return plain(run, inputs, aims)

    monkeypatch.setattr(Run, "plain_step", full)
    project = document.project
    with qtbot.waitSignal(training.problem, timeout=30_000):
        training.train()
    settle(qtbot, training, "paused")
    assert "memory of this computer is full" in opened.banner.sentence()
    assert document.project == project, "nothing was changed yet"
    assert opened.banner.button.text() == "Use batches of 32"
    opened.banner.button.click()
    assert (document.project.training.batch_size, document.project.training.accumulate) == (32, 2)
    assert document.undo_label == "Use batches of 32"
    qtbot.waitUntil(lambda: training.run is not None and training.run.step > 5, timeout=20_000)
    training.stop()
    settle(qtbot, training, "idle")


def test_closing_in_the_middle_of_a_training_ends_the_thread(window: Any, qtbot: QtBot) -> None:
    opened = window(spirals(epochs=100_000))
    training = opened.training
    training.settle()
    training.train()
    qtbot.waitUntil(lambda: training.newest is not None and training.newest.step > 10, timeout=20_000)
    worker = training._worker
    opened.ask_to_save = lambda: QMessageBox.StandardButton.Discard
    assert opened.close()
    assert worker.isFinished() and not training.busy
    assert training.document.checkpoint.step > 10


# -- curves ------------------------------------------------------------------------------------------------------------

NAN, INFINITY = float("nan"), float("inf")
HISTORIES = {
    "gaps": [1.0, 0.5, NAN, 0.4, NAN],
    "nothing but gaps": [NAN, NAN, NAN],
    "infinite": [1.0, INFINITY, 0.5, -INFINITY],
    "huge": [1e308, -1e308, 1.0],
    "tiny": [1e-310, 2e-310, 1e-310],
    "all of them": [1.0, 1e308, 1e-310, NAN, INFINITY, 0.0, -1.0],
    "as float32 has it": [3e38, 1.0, 3e38],
}


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("name", HISTORIES)
def test_curves_show_what_is_finite_and_gaps_as_gaps(name: str, logarithmic: bool, qtbot: QtBot) -> None:
    losses = HISTORIES[name]
    records = tuple(
        {"epoch": place + 1, "step": 2 * place + 2, "train": {"loss": loss}, "test": {}, "lr": 0.1, "seconds": 1.0}
        for place, loss in enumerate(losses)
    )
    with np.errstate(over="ignore"):
        steps = np.repeat(np.array(losses), 2).astype(np.float32)
    count = len(records)
    snapshot = Snapshot(count, 0, 2, 2 * count, count, 0.1, 1.0, 1.0, History(records, steps), True)
    panel = LossPanel(Document(spirals()))
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    panel.plot.set_logarithmic(logarithmic)
    for smooth in (False, True):
        panel.set_smooth(smooth)
        panel.draw(None, snapshot)
        panel.grab()
    panel.set_smooth(False)
    x0, x1, y0, y1 = panel.plot.visible_range()
    assert np.isfinite([x0, x1, y0, y1]).all() and x0 < x1 and y0 < y1
    drawn = panel._curves["train"].ys
    drawable = [abs(loss) < 1e50 for loss in losses]
    assert np.isfinite(drawn).tolist() == drawable
    shown = [loss for loss, seen in zip(losses, drawable, strict=True) if seen]
    if shown and not logarithmic:
        assert y0 <= min(shown) and max(shown) <= y1
    panel._readout(2.0, 0.0)
