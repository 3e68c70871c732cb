"""Training: what the buttons of the window do to the Run, and how its views are fed.

The views ask and the worker answers between two steps. A view is asked again only after its last picture was drawn,
and not before both together have cost less than its share of the time: a slow view lowers its own rate, not the
training's and not the window's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from nnstudio.core.project import Project
from nnstudio.engine.out_of_memory import Interruption
from nnstudio.engine.run import Run, RunError, Snapshot
from nnstudio.engine.trouble import Trouble
from nnstudio.ui import garbage
from nnstudio.ui.document import Document, meaning
from nnstudio.ui.worker import Answer, Worker, measured

State = Literal["idle", "running", "pausing", "paused"]

PICTURES_A_SECOND = 15
# The part of the time that one view may take, drawing and measuring together.
SHARE = 0.03
# The part of the time that the window's thread may take in all while a network trains: what it computes and paints, the
# training waits for, since both are Python. Painting happens after `draw`, so it is seen here and not there.
WINDOW_SHARE = 0.10
PACE_SECONDS = 0.5
SLOWEST_PACE = 6.0
# Networks larger than this are not made on each edit only to show their first weights.
PREVIEW_PARAMETERS = 2_000_000


class View(Protocol):
    """What Training needs of a panel, of the canvas and of the inspector."""

    @property
    def key(self) -> str: ...
    def request(self) -> Callable[[Run], Any] | None: ...
    def draw(self, reading: Any, snapshot: Snapshot) -> None: ...
    def clear(self) -> None: ...
    def isVisible(self) -> bool: ...


class _Pace:
    """How much longer than wished all views wait, so that the window keeps to its share of the time."""

    def __init__(self) -> None:
        self.factor = 1.0
        self.begin()

    def begin(self) -> None:
        """Count from now on."""
        self._wall, self._busy = time.perf_counter(), time.thread_time()

    def count(self) -> None:
        """Renew the factor when enough time has passed."""
        wall, busy = time.perf_counter(), time.thread_time()
        if wall - self._wall < PACE_SECONDS:
            return
        share = (busy - self._busy) / (wall - self._wall)
        wanted = self.factor * share / WINDOW_SHARE
        self.factor = min(max(0.5 * self.factor + 0.5 * wanted, 1.0), SLOWEST_PACE)
        self._wall, self._busy = wall, busy


class _Turn:
    """When a view is to be asked again, and what it is waiting for."""

    def __init__(self) -> None:
        self.due = 0.0
        self.asked = False
        self.again = False  # another thing is to be measured than was asked for
        self.answer: Answer | None = None
        self.step = -1  # the step that its picture shows
        self.cost = 0.0  # seconds, of the last picture


class Training(QObject):
    """The Run of the open document.

    state: "idle" (not begun, or stopped), "running", "pausing" (waiting for the step under way), "paused".
    """

    state_changed = Signal()
    # Snapshot: the newest one was shown
    pulled = Signal(object)
    # a sentence: the training could not begin, or had to end
    problem = Signal(str)
    # a sentence for the status bar
    message = Signal(str)

    def __init__(self, document: Document, views: Iterable[View] = ()) -> None:
        super().__init__()
        self.document = document
        self.state: State = "idle"
        self.run: Run | None = None
        self.newest: Snapshot | None = None
        self.trouble: Trouble | None = None  # why the last stretch had to end, if it had to
        self._worker: Worker | None = None
        self._after: Callable[[], None] | None = None
        self._whole_again = False
        self._asked: dict[str, Callable[[Any], None]] = {}
        self._made_at = 0  # the step at which the Run was made from a checkpoint
        self._kept_at = 0  # the step whose checkpoint the document has
        self._views: list[View] = []
        self._turns: dict[str, _Turn] = {}
        self._first = 0
        self._pace = _Pace()
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // PICTURES_A_SECOND // 4)
        self._timer.timeout.connect(self._pull)
        self._preview = QTimer(self)
        self._preview.setSingleShot(True)
        self._preview.setInterval(150)
        self._preview.timeout.connect(self._show_preview)
        document.changed.connect(self._document_changed)
        document.loading.changed.connect(self._data_came)
        self._soon = QTimer(self)  # after the views have taken notice of what was selected
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.refresh)
        document.selected.connect(lambda _: self._soon.start(0))
        for view in views:
            self.add_view(view)
        self._preview.start()

    def add_view(self, view: View) -> None:
        """Feed this view from now on."""
        self._views.append(view)
        self._turns[view.key] = _Turn()
        stale = getattr(view, "stale", None)
        if stale is not None:
            stale.connect(partial(self.renew, view))

    # -- what the person wants -------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a step may be under way."""
        return self._worker is not None

    def train(self) -> None:
        """Begin, or go on after a pause."""
        whole, self._whole_again = self._whole_again, False
        self._start(epochs=self.document.project.training.epochs if whole else None)

    def one_step(self) -> None:
        """One batch forward, backward, and one update."""
        self._start(steps=1)

    def one_epoch(self) -> None:
        """To the end of the epoch under way."""
        self._start(epochs=1)

    def pause(self) -> None:
        """Hold after the step under way."""
        if self._worker is not None:
            self._worker.pause()
            self._set_state("pausing")

    def stop(self) -> None:
        """End this training and keep what was learned; the next one takes all its epochs, with what is drawn then."""
        self._whole_again = True
        if self._worker is not None:
            self._then(lambda: self._set_state("idle"))
            self.pause()
        elif self.state == "paused":
            self._set_state("idle")

    def reset(self) -> None:
        """Draw the initial weights anew from the seed, and forget the curves."""
        if self._worker is not None:
            self._then(self.reset)
            self.pause()
            return
        self.run = self.newest = None
        self._whole_again = False
        self._made_at = self._kept_at = 0
        self.document.trained(None)
        for view in self._views:
            view.clear()
        for turn in self._turns.values():
            turn.answer, turn.asked, turn.step = None, False, -1
        self._set_state("idle")
        self._show_preview()

    def set_lr(self, lr: float) -> None:
        """Change the learning rate of the Run, also while it trains."""
        if self.run is not None:
            self.run.set_lr(lr)

    def apply_changes(self) -> None:
        """Go on with the project as it is now; weights that still fit are kept."""
        if self._worker is not None:
            self._then(self.train)
            self.pause()
        else:
            self.train()

    @property
    def network_changed(self) -> bool:
        """Whether the project was edited since the Run was made, so that the Run trains something else."""
        return self.run is not None and _recipe(self.run.project) != _recipe(self.document.project)

    def checkpoint_now(self) -> None:
        """Give the document the weights as they are at this moment, also in the middle of a training."""
        if self.run is None:
            return
        if self._worker is None:
            self._keep()
            return
        waiting = time.monotonic() + 60
        self._worker.ask("checkpoint", Run.checkpoint)
        while self._worker.isRunning() and time.monotonic() < waiting:
            for answer in self._worker.answers():
                if answer.key == "checkpoint":
                    self._kept_at = answer.reading.step
                    self.document.trained(answer.reading)
                    return
                self._take(answer)
            self._worker.wait(2)  # milliseconds; returns at once when the stretch has ended
        self._keep()

    def ask(self, key: str, measure: Callable[[Run], Any], then: Callable[[Any], None]) -> None:
        """Have something measured between two steps of the training under way; `then` gets it, in this thread."""
        if self._worker is not None and key not in self._asked:
            self._asked[key] = then
            self._worker.ask(key, measure)

    def settle(self) -> None:
        """Do now what waits for a quiet moment: until the next edit, nothing here draws random numbers."""
        if self._preview.isActive():
            self._preview.stop()
            self._show_preview()

    def shut_down(self) -> None:
        """End the thread, before the window goes."""
        self._timer.stop()
        self._preview.stop()
        self._soon.stop()
        self._after = None
        if self._worker is not None:
            self._worker.pause()
            self._worker.wait()
            self._ended()

    # -- the stretch under way -------------------------------------------------------------------------------------

    def _start(self, *, steps: int | None = None, epochs: int | None = None) -> None:
        if self._worker is not None or not self._renew():
            return
        assert self.run is not None
        self._tell_what_was_kept()
        self.trouble = None
        self.document.note(None)
        self._worker = Worker(self.run, steps=steps, epochs=epochs)
        self._worker.finished.connect(self._ended)
        for turn in self._turns.values():
            turn.asked, turn.answer = False, None
        self._set_state("running")
        garbage.hold()
        self._worker.start(Worker.Priority.InheritPriority)
        self._pace.begin()
        self._timer.start()

    def _renew(self) -> bool:
        """Have a Run of the project as it is now; False (and a sentence) when there can be none."""
        project = self.document.project
        if self.run is not None and _recipe(self.run.project) == _recipe(project):
            return True
        try:
            # From the weights as they were last trained, so that an edit that is taken back costs nothing.
            with self.document.only_at_hand():
                self.run = Run(project, self.document.checkpoint)
        except (RunError, ValueError, OSError) as error:
            self.problem.emit(str(error))
            return False
        except (MemoryError, RuntimeError) as error:  # its rows or weights do not fit, or the device refuses
            self.problem.emit(f"The training cannot begin: {Interruption.of(error).words}.")
            return False
        self._made_at = self._kept_at = self.run.step
        return True

    def _tell_what_was_kept(self) -> None:
        run = self.run
        if run is None or run.continuation != "carried" or run.step != self._made_at:
            return
        with_weights = [path for path, state in run.network.states_by_node().items() if state]
        kept = len(set(with_weights) & set(run.kept))
        if kept < len(with_weights):
            self.message.emit(f"Kept the weights of {kept} of {len(with_weights)} layers; the others start anew.")

    def _then(self, what: Callable[[], None]) -> None:
        self._after = what

    def _ended(self) -> None:
        worker = self._worker
        if worker is None:
            return
        worker.wait()
        garbage.release()
        self._worker = None
        self._timer.stop()
        for answer in worker.answers():
            self._take(answer)
        self._asked.clear()
        for turn in self._turns.values():
            turn.asked = False
        snapshot = worker.newest
        if snapshot is not None:
            self.newest = snapshot
        worker.deleteLater()
        self.trouble = worker.trouble
        if self.trouble is not None:
            self._take_back(self.trouble)
            return
        self._keep()
        wanted = self.document.project.training.epochs
        whole = snapshot is not None and snapshot.done and snapshot.batch == 0 and snapshot.epoch % wanted == 0
        note = snapshot.note if snapshot is not None and snapshot.done else ""
        self._set_state("idle" if whole or note else "paused")
        if note:
            self.message.emit(note)
        self.refresh()
        after, self._after = self._after, None
        if after is not None:
            after()

    def _take_back(self, trouble: Trouble) -> None:
        """The weights are spoilt, or in the middle of a step: the last good ones are gone on from. The curves stay."""
        kept, good = self.document.checkpoint, trouble.good
        self.run = self._after = None
        if good is not None and (good.step or (kept is not None and kept.step)):
            self.document.trained(good)
        if trouble.problem is not None:
            self.document.note(trouble.problem)
        if self.newest is not None:
            for view in self._views:
                if view.isVisible() and view.request() is None:  # curves, which need no network
                    view.draw(None, self.newest)
            self.pulled.emit(self.newest)
        self._set_state("paused" if self.document.checkpoint is not None or good is not None else "idle")
        self.problem.emit(trouble.sentence)

    def _keep(self) -> None:
        if self.run is not None and self.run.step != self._kept_at:
            self._kept_at = self.run.step
            checkpoint = self.run.checkpoint()
            self.run.last_good.keep(checkpoint)
            self.document.trained(checkpoint)

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
        self.state_changed.emit()

    # -- pictures --------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Measure and draw all visible views now, when nothing trains."""
        if self._worker is not None:
            for turn in self._turns.values():
                turn.due = 0.0
            return
        if self.run is None:
            return
        snapshot = self.run.snapshot()
        if self.newest is not None:
            snapshot = replace(snapshot, done=self.newest.done, epochs=self.newest.epochs)
        self.newest = snapshot
        for view in self._views:
            self._draw_now(view, self.run, snapshot)
        self.pulled.emit(snapshot)

    def renew(self, view: View) -> None:
        """Measure and draw one view as soon as possible: what it is to show has changed."""
        if self._worker is not None:
            turn = self._turns[view.key]
            turn.due, turn.step, turn.again = 0.0, -1, turn.asked
        elif self.run is not None and self.newest is not None:
            self._draw_now(view, self.run, self.newest)

    def _draw_now(self, view: View, run: Run, snapshot: Snapshot) -> None:
        """Measure in this thread, when nothing trains."""
        if not view.isVisible():
            return
        measure = view.request()
        reading = measured(view.key, measure, run).reading if measure is not None else None
        if measure is None or reading is not None:
            view.draw(reading, snapshot)
            self._turns[view.key].step = snapshot.step

    def costs(self) -> dict[str, float]:
        """Seconds that the last picture of each view took, measuring and drawing together."""
        return {key: turn.cost for key, turn in self._turns.items()}

    def _pull(self) -> None:
        worker = self._worker
        if worker is None:
            return
        self._pace.count()
        garbage.collect()
        for answer in worker.answers():
            self._take(answer)
        snapshot = worker.newest
        if snapshot is None:
            return
        if snapshot is not self.newest:
            self.newest = snapshot
            self.pulled.emit(snapshot)
        self._draw_some(worker, snapshot)

    def _take(self, answer: Answer) -> None:
        then = self._asked.pop(answer.key, None)
        if then is not None and not answer.error:
            then(answer.reading)
        turn = self._turns.get(answer.key)
        if turn is not None:
            turn.asked, turn.answer = False, answer
            if answer.error:
                self.message.emit(f"The view {answer.key} could not be measured: {answer.error}")

    def _draw_some(self, worker: Worker, snapshot: Snapshot) -> None:
        """Ask whoever is due, and draw one picture: what is painted in one go would make the mouse wait."""
        count = len(self._views)
        for offset in range(count):
            place = (self._first + offset) % count
            view = self._views[place]
            turn = self._turns[view.key]
            now = time.perf_counter()
            if now < turn.due or not view.isVisible():
                continue
            if turn.answer is None and not turn.asked and turn.step != snapshot.step:
                measure = view.request()
                if measure is not None:
                    turn.asked = True
                    worker.ask(view.key, measure)
                    continue
                turn.answer = Answer(view.key, None, 0.0)
            if turn.answer is None:
                continue
            answer, turn.answer = turn.answer, None
            if not answer.error:
                view.draw(answer.reading, snapshot)
            turn.step = snapshot.step
            turn.cost = time.perf_counter() - now + answer.seconds
            turn.due = now + max(1 / PICTURES_A_SECOND, turn.cost / SHARE) * self._pace.factor
            if turn.again:
                turn.due, turn.step, turn.again = 0.0, -1, False
            self._first = (place + 1) % count
            return

    # -- before the first step -------------------------------------------------------------------------------------

    def _document_changed(self, before: Project, after: Project) -> None:
        if meaning(before) != meaning(after):
            if not self.busy:
                self._preview.start()
            self.state_changed.emit()

    def _data_came(self) -> None:
        if not self.busy:
            self._preview.start()

    def _show_preview(self) -> None:
        """Show the weights that a training would begin with, or those that a file or a pause left."""
        report = self.document.report
        if self.busy or not report.ready or report.parameters > PREVIEW_PARAMETERS:
            return
        if self._renew():
            self.refresh()
            self.state_changed.emit()


def _recipe(project: Project) -> tuple[object, ...]:
    """What of a project makes another Run necessary: all that matters but the learning rate."""
    drawn, data, training = meaning(project)
    optimizer = project.training.optimizer
    if optimizer is not None and hasattr(optimizer, "lr"):
        training = replace(project.training, optimizer=optimizer.with_(lr=1.0))
    return drawn, data, training
