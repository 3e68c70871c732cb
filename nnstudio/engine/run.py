"""Run: a training in progress. Plain Python; it knows no thread and no window.

    run = Run(project)
    for snapshot in run.snapshots():
        print(snapshot.epoch, snapshot.history.epochs[-1:])

`snapshots` is the training loop. It does plain steps and yields when a thirtieth of a second has passed, always between
two steps. To leave the loop is to pause; to call it again is to go on. Looking at a Run between two steps (with
`looking`) changes nothing that comes after.

What is computed is what a plain script computes: one `torch.manual_seed`, the layers in topological order, then for
every epoch the training rows in an order that is a function of (seed, epoch) alone, cut into batches, the last one
kept even when it is smaller. `nnstudio.engine.export.python` writes that script.

The parts of a step: `batches` says which rows, `objective` how wrong, `updates` how the weights change, `watching` what
comes of the epoch's figures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.kinds import Loss, Metric
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.engine import checkpoint as checkpoints
from nnstudio.engine.batches import Batch, Batches, row_order
from nnstudio.engine.capture.captured import Captured, unfit
from nnstudio.engine.capture.trace import NotCaptured
from nnstudio.engine.compiler import check, compile_network
from nnstudio.engine.data import PartName, Prepared, prepare
from nnstudio.engine.device import choose, device_random_state, random_numbers, set_device_random_state
from nnstudio.engine.figures import Figures, Sums
from nnstudio.engine.last_good import LastGood
from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective
from nnstudio.engine.series import Series
from nnstudio.engine.sharing import Sharing
from nnstudio.engine.threads import threads_for
from nnstudio.engine.updates import Updates
from nnstudio.engine.watching import Watch, averaged

if TYPE_CHECKING:
    from nnstudio.engine.distributed.world import World

__all__ = ["ROWS_A_LOOK", "Run", "RunError", "Snapshot", "row_order"]

# Rows that are evaluated at once.
ROWS_A_LOOK = 4096


_RECORD = ("epoch", "step", "train", "test", "lr", "validation")


class RunError(ValueError):
    """A project that cannot be trained; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems[0].message)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Where a Run stands, for those who look at it.

    Attributes:
        epoch: whole epochs done. batch: batches done in the epoch under way, of `batches`.
        step: steps done in all. epochs: the epoch at which this stretch will end.
        lr: the learning rate of the next step.
        seconds: time spent training, in all. steps_per_second: lately.
        history: the curves so far. Its array is a view that later steps do not change.
        done: this stretch has reached its end.
        problem: a sentence when the training cannot go on, else empty.
        note: a sentence on how it ended, such as that it stopped early.
    """

    epoch: int
    batch: int
    batches: int
    step: int
    epochs: int
    lr: float
    seconds: float
    steps_per_second: float
    history: History
    done: bool
    problem: str = ""
    note: str = ""


class Run:
    """One training of one project, from new weights or from a checkpoint.

    A checkpoint of the same recipe is continued exactly, in the middle of an epoch too. From another one, every weight
    is carried over whose node is still there and whose shape still fits.

    With a `world` it is one of several processes that train together; each makes a Run of the same project and calls
    the same methods in the same order. `engine.distributed.together` says what is different then.

    Attributes:
        continuation: "new", "exact" or "carried".
        threads: how many threads torch computes with while it trains; None for torch's own choice.
        kept: the ids of the nodes whose weights came from the checkpoint.
        learning: the parameters that the last steps changed, by their identity.
        uncaptured: why steps are not replayed from a record; empty while they are, or before the first.
        last_good: what to go back to when the training goes wrong.
        went_wrong: the number of the step whose loss was not finite, from 0; None while there is none.

    Raises:
        RunError: the project has errors, or its device cannot be used.
    """

    # Outputs of this many batches are kept before they go into the metrics of the epoch. The number is part of the
    # arithmetic: sums in another grouping could differ in the last bit between a run that was paused and one that was
    # not.
    BATCHES_A_SUM = 64
    # So long a Run does plain steps before it makes a record of one, which takes about as long.
    PLAIN_SECONDS = 0.25

    def __init__(self, project: Project, checkpoint: Checkpoint | None = None, world: World | None = None) -> None:
        report = check(project)
        if not report.ready:
            raise RunError(report.errors)
        training = project.training
        assert training.optimizer is not None
        try:
            self.device = choose(training.device) if world is None else world.device
        except ValueError as error:
            raise RunError([Problem("error", str(error))]) from None
        self.project = project
        self.threads = threads_for(project, report)
        self.prepared: Prepared = prepare(project.data)
        self.objective = Objective(project.graph, self.prepared, self.device, weigh_classes=training.class_weights)
        self.output_id = self.objective.main.node_id
        self.loss_spec: Loss = self.objective.main.spec
        self.figures = Figures(self.objective)

        with random_numbers:
            outside = torch.get_rng_state()
            torch.manual_seed(training.seed)
            self.network = compile_network(project.graph, self.prepared.input_type)
            if world is not None and world.rank:
                torch.manual_seed(training.seed + world.rank)
            self._random_state = torch.get_rng_state()
            torch.set_rng_state(outside)
        self._device_random_state = device_random_state(self.device)

        self.network.to(self.device).train()
        self.sharing = (Sharing if world is None else world.sharing)(self.network, self.objective)
        self._batches: Batches = Batches(
            self.prepared.train,
            self.objective,
            self.device,
            seed=training.seed,
            batch_size=training.batch_size,
            augmentations=project.data.augmentations,
            computed=self.sharing.computed,
        )
        self.rows: int = self._batches.rows
        self.batches: int = self._batches.count
        self.batch_size = self._batches.size
        self._average = averaged(self.network, training)
        called = self.sharing.wrap(self._average, self._batches)
        self.updates = Updates(training, self.network, self.device, self.batches)
        self.sharing.adapt(self.updates.optimizer)
        self._wanted_lr: float | None = None
        self._held: dict[PartName, tuple[torch.Tensor, tuple[torch.Tensor, ...]] | None] = {}
        self._watch = Watch(training)
        self._forward = torch.compile(called) if training.compile else called

        self.epoch = self.batch = self.step = 0
        self.seconds = 0.0
        self._counted_from = 0.0
        self._records: list[dict[str, Any]] = []
        self._step_losses = Series()
        self._steps_per_second = 0.0
        self._problem = self._note = ""
        self.last_good = LastGood()
        self.went_wrong: int | None = None
        self.learning: dict[int, torch.Tensor] = {}
        self._captured: Captured | None = None
        self.uncaptured = self.sharing.uncaptured or unfit(self)
        self._plainly = 0.0  # seconds of plain steps
        self._begin_epoch()
        self.continuation = "new"
        self.kept: tuple[str, ...] = ()
        self._goal = training.epochs
        if checkpoint is not None:
            checkpoints.restore(self, checkpoint)

    # -- training --------------------------------------------------------------------------------------------------

    def snapshots(
        self, *, steps: int | None = None, epochs: int | None = None, interval: float = 1 / 30
    ) -> Iterator[Snapshot]:
        """Train, and yield where it stands about every `interval` seconds and at the end.

        With `steps`, that many steps; with `epochs`, to the end of that many epochs from here (the epoch under way
        counts as one); with neither, until the project's epochs are done, and when they are done already, as many
        again, unless the watched loss has not improved for as long as the project's patience. The last snapshot has
        `done` set.
        """
        whole = steps is None and epochs is None
        last_step = self.step + steps if steps is not None else None
        if epochs is not None:
            self._goal = self.epoch + epochs
        elif steps is None:
            wanted = self.project.training.epochs
            self._goal = wanted if self.epoch < wanted else self.epoch + wanted
        self.went_wrong = None
        self.last_good.see(self)
        self._enter()
        resumed = self._counted_from = time.perf_counter()
        counted = self.step
        due = resumed + interval
        try:
            while True:
                self._advance(last_step - self.step if last_step is not None else None)
                done = self.step == last_step if last_step is not None else self.epoch >= self._goal
                note, self._note = self._note, ""
                done = done or (whole and bool(note))
                now = time.perf_counter()
                looks = self.sharing.due(now >= due)
                if not done and not looks and not self._problem:
                    continue
                self._read_losses()
                problem, self._problem = self._problem, ""
                self.seconds += now - self._counted_from
                self._count_speed((self.step - counted) / max(now - resumed, 1e-9))
                self._leave()
                if not problem:
                    self.last_good.see(self)
                try:
                    yield self.snapshot(done=done or bool(problem), problem=problem, note=note)
                finally:
                    self._enter()
                    resumed = self._counted_from = time.perf_counter()
                    counted = self.step
                if done or problem:
                    return
                due = resumed + interval
        finally:
            self._leave()

    def snapshot(self, done: bool = False, problem: str = "", note: str = "") -> Snapshot:
        """Where it stands now. Only between two steps."""
        return Snapshot(
            epoch=self.epoch,
            batch=self.batch,
            batches=self.batches,
            step=self.step,
            epochs=self._goal,
            lr=self.lr,
            seconds=self.seconds,
            steps_per_second=self._steps_per_second,
            history=self.history,
            done=done,
            problem=problem,
            note=note,
        )

    @property
    def history(self) -> History:
        """The curves so far."""
        return History(tuple(self._records), self._step_losses.view())

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """Torch's optimizer."""
        return self.updates.optimizer

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self.updates.lr

    @property
    def base_lr(self) -> float:
        """The learning rate before the schedule."""
        return self.updates.base_lr if self._wanted_lr is None else self._wanted_lr

    @property
    def metrics(self) -> list[Metric]:
        """What every record has beside the loss."""
        return self.figures.metrics

    @property
    def tested(self) -> Network:
        """The network that is tested and predicts: the one that is trained, or the moving average of its weights."""
        if self._average is None:
            return self.network
        return cast(Network, self._average.module)

    def set_lr(self, lr: float) -> None:
        """Change the base learning rate from the next snapshot on; a schedule goes on from where it is.

        May be called from another thread.
        """
        self._wanted_lr = lr

    def _advance(self, most: int | None) -> None:
        """One step, or several at once where they can be replayed; at most so many."""
        if self._captured is None:
            if self.uncaptured or not self.learning or self._plainly < self.PLAIN_SECONDS:
                began = time.perf_counter()
                self._one_step()
                self._plainly += time.perf_counter() - began
                return
            try:
                self._captured = Captured(self)
            except NotCaptured as error:
                self.uncaptured = str(error)
                return
        epochs = self._goal - self.epoch if most is None else most // self.batches
        if self.batch == 0 and epochs > 0 and self._captured.epochs_at_once():
            self._whole_epochs(self._captured, epochs)
            return
        first = self.batch
        done = self._captured.advance(most)
        losses, output, target = self._captured.measured(first, first + done)
        self._unread.extend(losses)
        self._outputs.append(output)
        self._targets.append(target)
        self._count(done)

    def _whole_epochs(self, captured: Captured, most: int) -> None:
        """Some epochs at once; what was measured of them is written down afterwards, with the time divided evenly."""
        before = time.perf_counter()
        losses, figures = captured.epochs(most)
        rows = [self._batches.rows_of(number) for number in range(self.batches)]
        each = (time.perf_counter() - before) / len(figures)
        self._take_losses(losses.flatten().numpy())
        for place, (own, measured) in enumerate(zip(losses.tolist(), figures, strict=True)):
            self.step += self.batches
            total = 0.0
            for loss, count in zip(own, rows, strict=True):
                total += loss * count
            train = {"loss": total / self.rows} | measured["train"]
            later = (len(figures) - 1 - place) * each
            self._record(
                {"epoch": self.epoch + 1, "step": self.step} | measured | {"train": train, "lr": self.lr}, later
            )

    def plain_step(self, inputs: torch.Tensor, aims: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        """One update of the weights and nothing else: the loss and the main output of the batch."""
        self.updates.optimizer.zero_grad()
        with torch.enable_grad():
            given = self.objective.feed(self._forward, inputs)
            loss = self._loss(given, aims)
            loss.backward()  # type: ignore[no-untyped-call]
        if not self.learning:
            self.learning = {id(p): p for p in self.network.parameters() if p.grad is not None}
        self.updates.optimizer.step()
        return loss.detach(), self.objective.output(given).detach()

    def _one_step(self) -> None:
        inputs, aims = self._batches[self.batch]
        updates, accumulate = self.updates, self.project.training.accumulate
        first = self.batch // accumulate * accumulate
        updated = self.batch + 1 in (first + accumulate, self.batches)
        if updates.plain:
            loss, output = self.plain_step(inputs, aims)
        else:
            if self.batch == first:
                updates.optimizer.zero_grad()
            with self.sharing.syncing(updated):
                with updates.mixed():
                    given = self.objective.feed(self._forward, inputs)
                    loss = self._loss(given, aims)
                updates.backward(loss, 1 / min(accumulate, self.batches - first))
            loss = loss.detach()
            output = self.objective.output(given).detach().float()  # mixed precision is measured in the full one
            if updated:
                updates.apply()
        if self._average is not None and updated:
            self._average.update_parameters(self.network)
        self._unread.append(loss)
        rows = self._batches.rows_of(self.batch)
        self._outputs.append(self.sharing.counted(output, rows))
        self._targets.append(self.sharing.counted(aims[self.objective.place], rows))
        self._count(1)

    def _loss(self, given: Any, aims: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return self.sharing.loss(given, aims, self._batches.rows_of(self.batch))

    def _count(self, batches: int) -> None:
        """So many batches were done."""
        self.step += batches
        self.batch += batches
        if self.batch == self.batches:
            self._end_epoch()
        elif self.batch % self.BATCHES_A_SUM == 0:
            self._sum_outputs()

    def _begin_epoch(self) -> None:
        """Put the rows of the epoch in order, and forget what was measured."""
        self._batches.begin(self.epoch)
        self._epoch_losses: list[float] = []
        self._unread: list[torch.Tensor] = []
        self._outputs: list[torch.Tensor] = []
        self._targets: list[torch.Tensor] = []
        self._sums: Sums = {}

    def _end_epoch(self) -> None:
        self._sum_outputs()
        self._read_losses()
        self.sharing.settle(self.tested)
        total = 0.0
        for number, loss in enumerate(self._epoch_losses):
            total += loss * self._batches.rows_of(number)
        record = {
            "epoch": self.epoch + 1,
            "step": self.step,
            "train": {"loss": total / self.rows} | self.figures.values(self.sharing.sums(self._sums)),
            "test": self.measure("test"),
            "lr": self.updates.last_lr,
        }
        if len(self.prepared.validation):
            record["validation"] = self.measure("validation")
        self._record(record)

    def _record(self, record: dict[str, Any], ago: float = 0.0) -> None:
        """An epoch is done, so many seconds ago, and this was measured of it."""
        self.epoch += 1
        self.batch = 0
        # In one order, however the figures were made: a file is the same to the last byte.
        record = {name: record[name] for name in _RECORD if name in record}
        record["seconds"] = self.seconds + time.perf_counter() - self._counted_from - ago
        self._records.append(record)
        self.updates.end_epoch(self._watch.see(record, self.tested))
        if self._watch.exhausted:
            self._note = (
                f"Stopped after epoch {self.epoch}: the loss has not improved since epoch {self._watch.best_epoch}."
            )
            self._watch.waited = 0
        if self._watch.weights and (self._note or self.epoch % self.project.training.epochs == 0):
            self._take_best()
        self._begin_epoch()

    def _take_best(self) -> None:
        """Go on with the weights of the best epoch."""
        self.network.load_state_dict(self._watch.weights)
        if self._average is not None:
            self.tested.load_state_dict(self._watch.weights)

    def _sum_outputs(self) -> None:
        """Add the outputs since the last time to the sums that the epoch's metrics are made of."""
        if self._outputs:
            self.figures.add(self._sums, torch.cat(self._outputs), torch.cat(self._targets))
            self._outputs.clear()
            self._targets.clear()

    def _read_losses(self) -> None:
        """Bring the losses of the last steps to the processor; one that is not a number is a problem."""
        if not self._unread:
            return
        losses = self.sharing.losses(torch.stack(self._unread)).to("cpu", torch.float32).numpy()
        self._unread.clear()
        self._epoch_losses.extend(losses.tolist())
        self._take_losses(losses)

    def _take_losses(self, losses: np.ndarray) -> None:
        first = len(self._step_losses)
        self._step_losses.extend(losses)
        wrong = np.flatnonzero(~np.isfinite(losses))
        if len(wrong):
            if self.went_wrong is None:
                self.went_wrong = first + int(wrong[0])
            self._problem = (
                f"The loss became {losses[wrong[0]]} at step {first + int(wrong[0]) + 1}, so the training was stopped. "
                "Lower the learning rate, reset the weights and train again."
            )

    def _count_speed(self, rate: float) -> None:
        self._steps_per_second = rate if not self._steps_per_second else 0.7 * self._steps_per_second + 0.3 * rate

    def _apply_wanted_lr(self) -> None:
        wanted, self._wanted_lr = self._wanted_lr, None
        if wanted is not None:
            self.updates.set_base_lr(wanted)
            self.last_good.set_rate(self.step, wanted)

    # -- random state and threads are the Run's while it trains, and everybody else's in between --------------------

    def _enter(self) -> None:
        random_numbers.acquire()
        try:
            set_device_random_state(self.device, self._device_random_state)
        except BaseException:  # a device that is lost refuses
            random_numbers.release()
            raise
        self._apply_wanted_lr()
        self._outside_threads = torch.get_num_threads()
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        self._outside = torch.get_rng_state()
        torch.set_rng_state(self._random_state)

    def _leave(self) -> None:
        self._random_state = torch.get_rng_state()
        torch.set_rng_state(self._outside)
        if self.threads is not None:
            torch.set_num_threads(self._outside_threads)
        random_numbers.release()
        self._device_random_state = device_random_state(self.device)  # last: a device that is lost refuses

    @contextmanager
    def stepping(self) -> Iterator[None]:
        """The random state and the threads that a step is done with; for who does the next one by hand."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def next_batch(self) -> tuple[Batch, torch.Tensor]:
        """The batch of the next step, and the numbers of its rows in the data, int64."""
        order, size = self._batches.order, self._batches.size
        places = slice(self.batch * size, self.batch * size + self._batches.rows_of(self.batch))
        numbers = torch.from_numpy(self.prepared.train_rows)
        return self._batches[self.batch], numbers[places] if order is None else numbers[order[places]]

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look at the network between two steps: evaluation mode, no gradients, nothing changed afterwards."""
        with random_numbers:
            outside = torch.get_rng_state()
            self.network.eval()
            self.tested.eval()
            try:
                with self.sharing.looking():
                    yield
            finally:
                self.network.train()
                torch.set_rng_state(outside)

    # -- results ---------------------------------------------------------------------------------------------------

    def evaluate(self) -> dict[str, dict[str, float]]:
        """Loss and metrics on all rows of each part, with the weights as they are; a part without rows has none."""
        parts: tuple[PartName, ...] = ("train", "test")
        if len(self.prepared.validation):
            parts = ("train", "validation", "test")
        return {name: self.measure(name) for name in parts}

    def measure(self, name: PartName) -> dict[str, float]:
        """Loss and metrics on all rows of a part; empty when it has none."""
        if not len(self.prepared.part(name)):
            return {}
        return self.sharing.measure(self, name, ROWS_A_LOOK)

    def held(self, name: PartName) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]] | None:
        """A part on the device, and what each Output is compared with; None where it is too large to stay there."""
        if name not in self._held:
            part = self.prepared.part(name)
            with torch.inference_mode(False):  # they stay
                self._held[name] = self.on_device(part.inputs, part.targets) if part.held else None
        return self._held[name]

    def on_device(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Rows and what each Output is compared with."""
        inputs = inputs.to(self.device)
        aims = self.objective.targets(inputs, targets.to(self.device))
        return inputs, tuple(part.to(self.device) for part in aims)

    def output(self, rows: torch.Tensor) -> torch.Tensor:
        """What leaves the main Output for rows as they go into the network [batch, *shape]."""
        return self.objective.output(self.objective.feed(self.tested, rows))

    def activations(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """The value at every node by path, for rows as they go into the network [batch, *shape]."""
        return self.objective.feed(self.network.activations, rows)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The network's outputs [rows, …] for raw rows [rows, *shape], in evaluation mode."""
        rows = torch.from_numpy(self.prepared.scaled(inputs))
        with self.looking():
            return np.concatenate([self.output(x.to(self.device)).cpu().numpy() for x in rows.split(ROWS_A_LOOK)])

    def rows_at(self, name: PartName, places: slice) -> Batch:
        """Some rows of a part, on the device, and what each Output is compared with."""
        held = self.held(name)
        if held is None:
            return self.on_device(*self.prepared.part(name).take(places))
        inputs, aims = held
        return inputs[places], tuple(part[places] for part in aims)

    def checkpoint(self, keep: Callable[[torch.Tensor], Any] | None = None) -> Checkpoint:
        """All that is needed to go on later as if nothing had happened. Only between two steps.

        Of several processes the first gets it, and the others one whose arrays are empty. With `keep`, what that makes
        of each tensor is in place of an array.
        """
        self._read_losses()
        self.sharing.settle(self.tested)
        if self.batch % self.project.training.accumulate:
            self.sharing.settle_gradients()
        return checkpoints.take(self, keep or self.sharing.kept)
