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
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import nnstudio.library  # noqa: F401  (registers the metrics)
from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.kinds import Loss, Metric
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.engine import checkpoint as checkpoints
from nnstudio.engine.compiler import check, compile_network
from nnstudio.engine.data import Prepared, prepare
from nnstudio.engine.device import choose, device_random_state, set_device_random_state
from nnstudio.engine.objective import Objective
from nnstudio.engine.series import Series
from nnstudio.engine.threads import threads_for

# Rows that are evaluated at once.
ROWS_A_LOOK = 4096


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


class Run:
    """One training of one project, from new weights or from a checkpoint.

    A checkpoint of the same recipe is continued exactly, in the middle of an epoch too. From another one, every weight
    is carried over whose node is still there and whose shape still fits.

    Attributes:
        continuation: "new", "exact" or "carried".
        threads: how many threads torch computes with while it trains; None for torch's own choice.
        kept: the ids of the nodes whose weights came from the checkpoint.

    Raises:
        RunError: the project has errors, or its device cannot be used.
    """

    # Outputs of this many batches are kept before they go into the metrics of the epoch. The number is part of the
    # arithmetic: sums in another grouping could differ in the last bit between a run that was paused and one that was
    # not.
    BATCHES_A_SUM = 64

    def __init__(self, project: Project, checkpoint: Checkpoint | None = None) -> None:
        report = check(project)
        if not report.ready:
            raise RunError(report.errors)
        training = project.training
        assert training.optimizer is not None
        try:
            self.device = choose(training.device)
        except ValueError as error:
            raise RunError([Problem("error", str(error))]) from None
        self.project = project
        self.threads = threads_for(project, report)
        self.prepared: Prepared = prepare(project.data)
        self.objective = Objective(project.graph, self.prepared, self.device)
        self.output_id = self.objective.main.node_id
        self.loss_spec: Loss = self.objective.main.spec
        task = "classification" if self.objective.classifies else "regression"
        self.metrics: list[Metric] = [kind() for kind in registered(Metric).values() if task in kind.tasks]

        outside = torch.get_rng_state()
        torch.manual_seed(training.seed)
        self.network = compile_network(project.graph, self.prepared.input_type)
        self._random_state = torch.get_rng_state()
        torch.set_rng_state(outside)
        self._device_random_state = device_random_state(self.device)

        self.network.to(self.device).train()
        self.optimizer = training.optimizer.build(self.network.parameters())
        self.schedule = training.schedule.build(self.optimizer, training.epochs, 1) if training.schedule else None
        self._base_lr: float = training.optimizer.lr  # type: ignore[attr-defined]
        self._wanted_lr: float | None = None

        data = self.prepared
        self._inputs = data.train_inputs.to(self.device)
        self._targets = self._aims(self._inputs, data.train_targets)
        self._test_inputs = data.test_inputs.to(self.device)
        self._test_targets = self._aims(self._test_inputs, data.test_targets)
        self.rows = len(self._inputs)
        self.batch_size = min(training.batch_size or self.rows, self.rows)
        self.batches = math.ceil(self.rows / self.batch_size)

        self.epoch = self.batch = self.step = 0
        self.seconds = 0.0
        self._counted_from = 0.0
        self._records: list[dict[str, Any]] = []
        self._step_losses = Series()
        self._steps_per_second = 0.0
        self._problem = ""
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
        again. The last snapshot has `done` set.
        """
        last_step = self.step + steps if steps is not None else None
        if epochs is not None:
            self._goal = self.epoch + epochs
        elif steps is None:
            wanted = self.project.training.epochs
            self._goal = wanted if self.epoch < wanted else self.epoch + wanted
        self._enter()
        resumed = self._counted_from = time.perf_counter()
        counted = self.step
        due = resumed + interval
        try:
            while True:
                self._one_step()
                done = self.step == last_step if last_step is not None else self.epoch >= self._goal
                now = time.perf_counter()
                if not done and now < due and not self._problem:
                    continue
                self._read_losses()
                problem, self._problem = self._problem, ""
                self.seconds += now - self._counted_from
                self._count_speed((self.step - counted) / max(now - resumed, 1e-9))
                self._leave()
                try:
                    yield self.snapshot(done=done or bool(problem), problem=problem)
                finally:
                    self._enter()
                    resumed = self._counted_from = time.perf_counter()
                    counted = self.step
                if done or problem:
                    return
                due = resumed + interval
        finally:
            self._leave()

    def snapshot(self, done: bool = False, problem: str = "") -> Snapshot:
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
        )

    @property
    def history(self) -> History:
        """The curves so far."""
        return History(tuple(self._records), self._step_losses.view())

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def base_lr(self) -> float:
        """The learning rate before the schedule."""
        return self._base_lr if self._wanted_lr is None else self._wanted_lr

    def set_lr(self, lr: float) -> None:
        """Change the base learning rate from the next snapshot on; a schedule goes on from where it is.

        May be called from another thread.
        """
        self._wanted_lr = lr

    def _one_step(self) -> None:
        batch = self.batch
        self.optimizer.zero_grad()
        given = self.objective.feed(self.network, self._batch_inputs[batch])
        loss = self.objective.loss(given, self._batch_aims[batch])
        loss.backward()
        self.optimizer.step()
        self._unread.append(loss.detach())
        self._outputs.append(self.objective.output(given).detach())
        self.step += 1
        self.batch += 1
        if self.batch == self.batches:
            self._end_epoch()
        elif self.batch % self.BATCHES_A_SUM == 0:
            self._sum_outputs()

    def _begin_epoch(self) -> None:
        """Put the rows of the epoch in order and cut them into batches."""
        inputs, targets = self._inputs, self._targets
        if self.batch_size < self.rows:
            order = row_order(self.project.training.seed, self.epoch, self.rows).to(self.device)
            inputs, targets = inputs[order], tuple(part[order] for part in targets)
        self._batch_inputs = inputs.split(self.batch_size)
        self._batch_aims = list(zip(*(part.split(self.batch_size) for part in targets), strict=True))
        self._batch_targets = [aims[self.objective.place] for aims in self._batch_aims]
        self._epoch_losses: list[float] = []
        self._unread: list[torch.Tensor] = []
        self._outputs: list[torch.Tensor] = []
        self._sums: dict[str, torch.Tensor] = {}

    def _end_epoch(self) -> None:
        self._sum_outputs()
        self._read_losses()
        total = 0.0
        for loss, targets in zip(self._epoch_losses, self._batch_targets, strict=True):
            total += loss * len(targets)
        train = {"loss": total / self.rows} | self._figures(self._sums)
        lr = self.lr
        self.epoch += 1
        self.batch = 0
        self._records.append(
            {
                "epoch": self.epoch,
                "step": self.step,
                "train": train,
                "test": self._evaluate(self._test_inputs, self._test_targets),
                "lr": lr,
                "seconds": self.seconds + time.perf_counter() - self._counted_from,
            }
        )
        if self.schedule is not None:
            self.schedule.step()
        self._begin_epoch()

    def _sum_outputs(self) -> None:
        """Add the outputs since the last time to the sums that the epoch's metrics are made of."""
        if not self._outputs:
            return
        output = torch.cat(self._outputs)
        first = (self.batch - 1) // self.BATCHES_A_SUM * self.BATCHES_A_SUM
        target = torch.cat(self._batch_targets[first : self.batch])
        self._add_sums(self._sums, output, target)
        self._outputs.clear()

    def _add_sums(self, sums: dict[str, torch.Tensor], output: torch.Tensor, target: torch.Tensor) -> None:
        output, target = output.cpu(), target.cpu()  # sums are float64, which not every device has
        classification = self.objective.classifies
        prediction = self.loss_spec.classes(output) if classification else output.flatten(1)
        if not classification:
            target = target.flatten(1)
        elif target.is_floating_point():
            target = target.reshape(len(target), -1)[:, 0].long()
        for metric in self.metrics:
            added = metric.sums(prediction, target)
            sums[metric.key] = sums[metric.key] + added if metric.key in sums else added

    def _figures(self, sums: dict[str, torch.Tensor]) -> dict[str, float]:
        return {metric.key: metric.value(sums[metric.key]) for metric in self.metrics if metric.key in sums}

    def _read_losses(self) -> None:
        """Bring the losses of the last steps to the processor; one that is not a number is a problem."""
        if not self._unread:
            return
        losses = torch.stack(self._unread).to("cpu", torch.float32).numpy()
        self._unread.clear()
        self._epoch_losses.extend(losses.tolist())
        first = len(self._step_losses)
        self._step_losses.extend(losses)
        wrong = np.flatnonzero(~np.isfinite(losses))
        if len(wrong):
            self._problem = (
                f"The loss became {losses[wrong[0]]} at step {first + int(wrong[0]) + 1}, so the training was stopped. "
                "Lower the learning rate, reset the weights and train again."
            )

    def _count_speed(self, rate: float) -> None:
        self._steps_per_second = rate if not self._steps_per_second else 0.7 * self._steps_per_second + 0.3 * rate

    def _apply_wanted_lr(self) -> None:
        wanted, self._wanted_lr = self._wanted_lr, None
        if wanted is None or wanted == self._base_lr:
            return
        group = self.optimizer.param_groups[0]
        group["lr"] = wanted if self.schedule is None else group["lr"] * (wanted / self._base_lr)
        if self.schedule is not None:
            group["initial_lr"] = wanted
            for schedule in [self.schedule, *getattr(self.schedule, "_schedulers", [])]:
                if hasattr(schedule, "base_lrs"):
                    schedule.base_lrs = [wanted]
        self._base_lr = wanted

    # -- random state and threads are the Run's while it trains, and everybody else's in between --------------------

    def _enter(self) -> None:
        self._apply_wanted_lr()
        self._outside_threads = torch.get_num_threads()
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        self._outside = torch.get_rng_state()
        torch.set_rng_state(self._random_state)
        set_device_random_state(self.device, self._device_random_state)

    def _leave(self) -> None:
        self._random_state = torch.get_rng_state()
        self._device_random_state = device_random_state(self.device)
        torch.set_rng_state(self._outside)
        if self.threads is not None:
            torch.set_num_threads(self._outside_threads)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look at the network between two steps: evaluation mode, no gradients, nothing changed afterwards."""
        outside = torch.get_rng_state()
        self.network.eval()
        try:
            with torch.inference_mode():
                yield
        finally:
            self.network.train()
            torch.set_rng_state(outside)

    # -- results ---------------------------------------------------------------------------------------------------

    def evaluate(self) -> dict[str, dict[str, float]]:
        """Loss and metrics on all training rows and on all test rows, with the weights as they are."""
        return {
            "train": self._evaluate(self._inputs, self._targets),
            "test": self._evaluate(self._test_inputs, self._test_targets),
        }

    def _aims(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What each Output is compared with, on the device."""
        return tuple(part.to(self.device) for part in self.objective.targets(inputs, targets))

    def output(self, rows: torch.Tensor) -> torch.Tensor:
        """What leaves the main Output for rows as they go into the network [batch, *shape]."""
        return self.objective.output(self.objective.feed(self.network, rows))

    def activations(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """The value at every node by path, for rows as they go into the network [batch, *shape]."""
        return self.objective.feed(self.network.activations, rows)

    def _evaluate(self, inputs: torch.Tensor, targets: tuple[torch.Tensor, ...]) -> dict[str, float]:
        if len(inputs) == 0:
            return {}
        total = 0.0
        sums: dict[str, torch.Tensor] = {}
        self.network.eval()
        with torch.inference_mode():
            parts = zip(*(part.split(ROWS_A_LOOK) for part in targets), strict=True)
            for x, aims in zip(inputs.split(ROWS_A_LOOK), parts, strict=True):
                given = self.objective.feed(self.network, x)
                total += self.objective.loss(given, aims).item() * len(x)
                self._add_sums(sums, self.objective.output(given), aims[self.objective.place])
        self.network.train()
        return {"loss": total / len(inputs)} | self._figures(sums)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The network's outputs [rows, …] for raw rows [rows, *shape], in evaluation mode."""
        rows = torch.from_numpy(self.prepared.scaled(inputs))
        with self.looking():
            return np.concatenate([self.output(x.to(self.device)).cpu().numpy() for x in rows.split(ROWS_A_LOOK)])

    def checkpoint(self) -> Checkpoint:
        """All that is needed to go on later as if nothing had happened. Only between two steps."""
        self._read_losses()
        return checkpoints.take(self)


def row_order(seed: int, epoch: int, rows: int) -> torch.Tensor:
    """The order of the training rows in an epoch: a function of seed and epoch alone, int64 [rows]."""
    return torch.randperm(rows, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
