"""What the buttons do to the Run, and how its views are fed."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engine.projects import layer, optimizer, spirals
from nnstudio.core import storage
from nnstudio.engine.run import Run
from nnstudio.ui.document import Document
from nnstudio.ui.training import PICTURES_A_SECOND, Training


class View:
    """A view that counts what it is asked and shown."""

    def __init__(self, key: str = "view", visible: bool = True, seconds: float = 0.0, error: bool = False) -> None:
        self.key = key
        self.visible, self.seconds, self.error = visible, seconds, error
        self.asked = self.cleared = 0
        self.steps: list[int] = []

    def request(self):
        self.asked += 1

        def measure(run: Run) -> int:
            if self.error:
                raise ValueError("no such thing")
            return run.step

        return measure

    def draw(self, reading, snapshot) -> None:
        time.sleep(self.seconds)  # a slow painter, not a wait
        self.steps.append(reading)

    def clear(self) -> None:
        self.cleared += 1

    def isVisible(self) -> bool:
        return self.visible


@pytest.fixture
def make(qtbot):
    made = []

    def make_one(project=None, *views: View) -> Training:
        training = Training(Document(project or spirals(epochs=100_000)), views)
        made.append(training)
        return training

    yield make_one
    for training in made:
        training.shut_down()


def settle(qtbot, training: Training, state: str) -> None:
    qtbot.waitUntil(lambda: training.state == state and not training.busy, timeout=15_000)


def begin(qtbot, training: Training, steps: int = 30) -> None:
    training.train()
    qtbot.waitUntil(lambda: training.newest is not None and training.newest.step >= steps, timeout=30_000)


def test_train_pause_resume_and_stop(make, qtbot) -> None:
    training = make()
    assert training.state == "idle"
    begin(qtbot, training)
    assert training.state == "running" and training.busy
    training.train()  # pressed twice
    training.pause()
    settle(qtbot, training, "paused")
    run, step = training.run, training.run.step
    assert training.document.checkpoint.step == step
    training.train()
    qtbot.waitUntil(lambda: training.run.step > step, timeout=15_000)
    assert training.run is run, "the same training goes on"
    training.stop()
    settle(qtbot, training, "idle")
    assert training.document.checkpoint.step == run.step > step


def test_paused_and_resumed_equals_uninterrupted(make, qtbot) -> None:
    project = spirals(layer("Linear", out_features=8), layer("Dropout", p=0.2), layer("Tanh"), epochs=30)
    training = make(project)
    for _ in range(4):
        training.one_step()
        settle(qtbot, training, "paused")
    training.one_epoch()
    settle(qtbot, training, "paused")
    assert training.run.batch == 0 and training.run.epoch == 1
    training.train()
    settle(qtbot, training, "idle")
    whole = Run(project)
    for _ in whole.snapshots():
        pass
    for name, array in whole.checkpoint().weights.items():
        assert np.array_equal(training.document.checkpoint.weights[name], array), name


def test_reset_gives_the_first_weights_again(make, qtbot) -> None:
    view = View()
    training = make(None, view)
    begin(qtbot, training)
    training.reset()  # also in the middle of a training
    settle(qtbot, training, "idle")
    qtbot.waitUntil(lambda: training.run is not None and training.run.step == 0, timeout=10_000)
    fresh = Run(training.document.project)
    for ours, theirs in zip(training.run.network.parameters(), fresh.network.parameters(), strict=True):
        assert np.array_equal(ours.detach().numpy(), theirs.detach().numpy())
    assert training.document.checkpoint is None and view.cleared


def test_an_edit_that_is_taken_back_costs_no_weights(make, qtbot) -> None:
    training = make()
    begin(qtbot, training)
    training.pause()
    settle(qtbot, training, "paused")
    document, trained = training.document, training.document.checkpoint
    node = next(i for i, n in document.project.graph.nodes.items() if n.title == "linear_2")
    document.edit_graph("Set out features", document.project.graph.configure(node, out_features=3))
    qtbot.waitUntil(lambda: training.run.continuation == "carried", timeout=10_000)
    document.undo()
    qtbot.waitUntil(lambda: training.run.continuation == "exact", timeout=10_000)
    assert document.checkpoint is trained
    assert training.run.step == trained.step


def test_a_loss_that_is_no_number_ends_it_with_a_sentence(make, qtbot) -> None:
    training = make(spirals(layer("Linear", out_features=8), optimizer=optimizer("SGD", lr=1e30), epochs=10_000))
    with qtbot.waitSignal(training.problem, timeout=30_000) as said:
        training.train()
    assert "learning rate" in said.args[0]
    settle(qtbot, training, "paused")
    assert training.document.checkpoint is None, "spoilt weights are not kept"
    training.document.edit(
        "Set learning rate", training.document.project.with_training(optimizer=optimizer("SGD", lr=0.01))
    )
    begin(qtbot, training, steps=5)


def test_a_project_with_errors_is_refused_with_a_sentence(make, qtbot) -> None:
    project = spirals()
    training = make(project.with_graph(project.graph.disconnect(project.graph.edges[:1])))
    with qtbot.waitSignal(training.problem, timeout=5_000) as said:
        training.train()
    assert "wire" in said.args[0] and training.state == "idle"


def test_what_is_saved_while_it_trains_can_be_continued(make, qtbot, tmp_path) -> None:
    training = make()
    begin(qtbot, training)
    training.checkpoint_now()
    assert training.busy, "it goes on"
    document = training.document
    document.save(tmp_path / "a.nnstudio")
    stored = storage.read(tmp_path / "a.nnstudio")
    assert stored.checkpoint.step >= 30
    resumed = Run(stored.project, stored.checkpoint)
    assert resumed.continuation == "exact" and resumed.step == stored.checkpoint.step


def test_the_learning_rate_changes_while_it_runs(make, qtbot) -> None:
    training = make()
    begin(qtbot, training)
    project = training.document.project
    training.document.edit("Set learning rate", project.with_training(optimizer=optimizer("Adam", lr=0.002)))
    training.set_lr(0.002)
    assert not training.network_changed
    qtbot.waitUntil(lambda: training.newest.lr == 0.002, timeout=10_000)


def test_a_slow_view_lowers_its_own_rate_and_nothing_else(make, qtbot) -> None:
    slow, quick = View("slow", seconds=0.08), View("quick")
    training = make(None, slow, quick)
    begin(qtbot, training)
    quick.steps.clear()
    slow.steps.clear()
    first, began = training.run.step, time.perf_counter()
    qtbot.waitUntil(lambda: len(quick.steps) >= 12, timeout=60_000)
    seconds = time.perf_counter() - began
    assert len(slow.steps) < len(quick.steps)
    assert len(slow.steps) <= 2 + seconds * PICTURES_A_SECOND / 4
    assert training.run.step > first + 100
    began = time.perf_counter()
    training.stop()
    settle(qtbot, training, "idle")
    assert time.perf_counter() - began < 5  # bounded, not queued behind pictures


def test_a_hidden_view_is_not_asked(make, qtbot) -> None:
    hidden = View("hidden", visible=False)
    training = make(None, hidden, View("other"))
    begin(qtbot, training)
    training.pause()
    settle(qtbot, training, "paused")
    assert hidden.asked == 0 and hidden.steps == []


def test_pictures_are_of_the_step_that_was_measured(make, qtbot) -> None:
    view = View()
    training = make(None, view)
    begin(qtbot, training, steps=300)
    training.pause()
    settle(qtbot, training, "paused")
    assert view.steps == sorted(view.steps)
    assert view.steps[-1] == training.run.step, "the last picture shows where it stands"


def test_a_view_that_fails_harms_nothing_else(make, qtbot) -> None:
    training = make(None, View("broken", error=True), View("good"))
    with qtbot.waitSignal(training.message, timeout=30_000) as said:
        training.train()
    assert "broken" in said.args[0] and "no such thing" in said.args[0]
    step = training.run.step
    qtbot.waitUntil(lambda: training.run.step > step + 50, timeout=30_000)
    assert training.state == "running"


def test_an_error_in_the_training_is_said(make, qtbot, monkeypatch) -> None:
    training = make()
    monkeypatch.setattr(Run, "_one_step", lambda self: 1 / 0)
    with qtbot.waitSignal(training.problem, timeout=10_000) as said:
        training.train()
    assert "division by zero" in said.args[0]
    settle(qtbot, training, "paused")
    monkeypatch.undo()
    begin(qtbot, training)


def test_shutting_down_ends_the_thread(make, qtbot) -> None:
    training = make()
    begin(qtbot, training)
    worker = training._worker
    training.shut_down()
    assert worker.isFinished() and not training.busy
    assert training.document.checkpoint is not None


def test_an_early_end_is_said_and_is_an_end(make, qtbot) -> None:
    training = make(spirals(epochs=50, optimizer=optimizer("SGD", lr=0.0), patience=2))
    said: list[str] = []
    training.message.connect(said.append)
    training.train()
    settle(qtbot, training, "idle")
    assert training.run.epoch == 3
    assert said == ["Stopped after epoch 3: the loss has not improved since epoch 1."]


def test_what_waits_for_a_quiet_moment_can_be_done_now(make) -> None:
    training = make(spirals())
    assert training.run is None
    training.settle()
    assert training.run is not None and not training._preview.isActive()
    first = training.run
    training.settle()
    assert training.run is first
