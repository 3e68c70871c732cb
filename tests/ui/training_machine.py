"""Whatever a person does to a training, in whatever order: a machine of rules that hypothesis drives.

Between two rules up to fifty milliseconds pass. One worker at most is alive, the states are those that there are, and
what the document keeps can always be gone on from.
"""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import torch
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop
from PySide6.QtTest import QTest

from engine.projects import optimizer, spirals
from nnstudio.core import storage
from nnstudio.engine.last_good import finite
from nnstudio.engine.run import Run
from nnstudio.ui.document import Document
from nnstudio.ui.training import Training
from nnstudio.ui.worker import Worker

STATES = {"idle", "running", "pausing", "paused"}
PATIENCE = 20_000  # milliseconds

_workers: weakref.WeakSet[Worker] = weakref.WeakSet()
_start = Worker.start


def _remembered(worker: Worker, *given: Any) -> None:
    _workers.add(worker)
    _start(worker, *given)


class TrainingMachine(RuleBasedStateMachine):
    """One document and its training."""

    @initialize(batch_size=st.sampled_from([10, 64, None]), captured=st.booleans())
    def open(self, batch_size: int | None, captured: bool) -> None:
        Worker.start = _remembered  # type: ignore[assignment,method-assign]
        self.broken = False
        self.document = Document(spirals(epochs=2000, batch_size=batch_size, captured=captured, device="cpu"))
        self.folder = tempfile.TemporaryDirectory()
        self.said: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self.training = Training(self.document)
        self.training.problem.connect(self.said.append)

    # -- what a person does ----------------------------------------------------------------------------------------

    @rule()
    def start(self) -> None:
        self.training.train()

    @rule()
    def step(self) -> None:
        self.training.one_step()

    @rule()
    def epoch(self) -> None:
        self.training.one_epoch()

    @rule()
    def pause(self) -> None:
        self.training.pause()

    @rule()
    def resume(self) -> None:
        # What may be done now depends on time, so it is asked here: hypothesis wants the same choices each time.
        if self.training.state == "paused":
            self.training.train()
            assert self.training.state == "running"

    @rule()
    def stop(self) -> None:
        self.training.stop()
        self._settle()
        assert self.training.state in ("idle", "paused")  # paused where it went wrong at the same moment

    @rule()
    def reset(self) -> None:
        self.training.reset()
        self._settle()
        assert self.training.state in ("idle", "paused")

    @rule(features=st.integers(2, 9))
    def edit(self, features: int) -> None:
        graph = self.document.project.graph
        node = next(node for node in graph.nodes.values() if node.title == "linear_2")
        self.document.edit_graph("Set out features", graph.configure(node.id, out_features=features))

    @rule()
    def undo(self) -> None:
        self.document.undo()

    @rule()
    def apply(self) -> None:
        self.training.apply_changes()

    @rule(lr=st.sampled_from([0.001, 0.03]))
    def set_lr(self, lr: float) -> None:
        project = self.document.project
        self.document.edit("Set learning rate", project.with_training(optimizer=optimizer("Adam", lr=lr)))
        self.training.set_lr(lr)

    @rule()
    def save(self) -> None:
        path = Path(self.folder.name, "a.nnstudio")
        self.training.checkpoint_now()
        self.document.save(path)
        assert storage.read(path).notices == ()

    @rule(milliseconds=st.integers(0, 50))
    def wait(self, milliseconds: int) -> None:
        QTest.qWait(milliseconds)

    @rule()
    def close(self) -> None:
        """And open it again."""
        self.training.shut_down()
        assert not self.training.busy and not self._alive()
        self._begin()

    # -- what happens to it ----------------------------------------------------------------------------------------

    @rule()
    def fail(self) -> None:
        """The next step is refused."""
        plain = Run._one_step
        machine = self

        def refuse(run: Run) -> None:
            Run._one_step = plain  # type: ignore[method-assign]
            machine.broken = False
            raise KeyError("refused")

        if not self.broken:
            self.broken = True
            self._plain = plain
            Run._one_step = refuse  # type: ignore[method-assign]

    @rule()
    def spoil(self) -> None:
        """A weight is not finite any more."""
        self._settle_soon()
        if self.training.run is None or self.training.network_changed:  # another Run would train
            return
        with torch.no_grad():
            next(iter(self.training.run.network.parameters())).view(-1)[0] = torch.nan
        before = len(self.said)
        self.training.one_step()
        self._settle()
        assert self.training.state in ("paused", "idle") and len(self.said) > before

    # -- what always holds -----------------------------------------------------------------------------------------

    def _alive(self) -> list[Worker]:
        return [worker for worker in _workers if worker.isRunning()]

    def _settle_soon(self) -> None:
        self.training.pause()
        self._settle()

    def _settle(self) -> None:
        """Until nothing trains."""
        deadline = QDeadlineTimer(PATIENCE)
        while self.training.busy:
            assert not deadline.hasExpired(), "it does not end"
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            worker = self.training._worker
            if worker is not None:
                worker.wait(2)

    @invariant()
    def one_worker(self) -> None:
        if not hasattr(self, "training"):
            return
        training = self.training
        assert training.state in STATES
        assert len(self._alive()) <= 1
        assert training.busy == (training.state in ("running", "pausing"))
        checkpoint = self.document.checkpoint
        assert checkpoint is None or finite(checkpoint)

    def teardown(self) -> None:
        if hasattr(self, "training"):
            if self.broken:
                Run._one_step = self._plain  # type: ignore[method-assign]
            self.training.shut_down()
            assert not self.training.busy and not self._alive()
            checkpoint = self.document.checkpoint
            if checkpoint is not None:
                run = Run(self.document.project, checkpoint)
                for snapshot in run.snapshots(steps=1):
                    assert not snapshot.problem
            self.folder.cleanup()
        Worker.start = _start  # type: ignore[method-assign]
