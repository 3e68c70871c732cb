"""A Run's steps as a script: made after its first steps, compared with plain ones, and used where they are the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from nnstudio.engine.batches import row_order
from nnstudio.engine.capture.ending import Ending, ending
from nnstudio.engine.capture.optimizers import kernels
from nnstudio.engine.capture.plan import Plan, Planner
from nnstudio.engine.capture.script import Function, compiled
from nnstudio.engine.capture.trace import NotCaptured, Training, record

if TYPE_CHECKING:
    from nnstudio.engine.run import Run

# How long one call of the script may take, in seconds: pausing and stopping act between two calls.
STRETCH = 0.015
# A whole epoch is done in one call where it takes no longer than this.
LONGEST = 0.03
# Epochs that one call may do.
MOST_EPOCHS = 256
# Rows of a tested part that are measured at the end of an epoch within the script.
MOST_TESTED = 4096


class Captured:
    """The steps of one Run, replayed. The order of the rows, and what is measured, remain the Run's.

    Attributes:
        kernels: how many kernels a step of a whole batch calls.
    """

    def __init__(self, run: Run) -> None:
        """Raises NotCaptured with the reason when the Run's steps cannot be replayed."""
        whole = run._batches.whole
        assert whole is not None
        self._run = run
        self._sources = (whole[0], *whole[1])
        self._rows = [torch.empty_like(part) for part in self._sources]  # in the order of the epoch
        self._filled = -1  # the epoch whose order they are in
        size, rows = run._batches.size, run._batches.rows
        self._losses = torch.zeros(run._batches.count)
        self._outputs: Tensor | None = None
        self._counters: list[list[Tensor]] = []
        self._gradients: dict[str, list[tuple[nn.Parameter, Tensor]]] = {}
        self._whole = rows // size
        self._tail = rows - self._whole * size
        self._seconds = self._epoch_seconds = 0.0
        random_state = torch.get_rng_state()
        functions = [self._function("steps", 0, self._whole, size)]
        if self._tail:
            functions.append(self._function("tail", self._whole, 1, self._tail))
        assert self._outputs is not None
        self._ending: Ending | None = None
        try:
            self._ending = ending(run, self._outputs, self._rows[1 + run.objective.place], MOST_TESTED)
            functions.append(self._ending.function)
            functions.append(self._epochs(functions))
        except NotCaptured:
            self._ending = None
        self._calls: dict[str, Callable[..., object]] = compiled(functions)
        torch.set_rng_state(random_state)
        with torch.no_grad():
            self._compare()

    def epochs_at_once(self) -> int:
        """How many epochs one call may do; 0 where an epoch is so long that it is done in parts."""
        if self._ending is None or self._seconds * self._run.batches > LONGEST:
            return 0
        if not _has_plain_epochs(self._run):
            return 1
        return min(MOST_EPOCHS, max(1, int(STRETCH / self._epoch_seconds)) if self._epoch_seconds else 1)

    # -- making it -------------------------------------------------------------------------------------------------

    def _function(self, name: str, first: int, count: int, size: int) -> Function:
        """The batches of one size, `count` of them from the first."""
        run = self._run
        begin = first * run._batches.size
        pieces = [part[begin : begin + size * count].split(size) for part in self._rows]
        training = Training(run.network, run.objective, [_learns(run, p) for p in run.network.parameters()])
        parameters, buffers = list(run.network.parameters()), list(run.network.buffers())
        examples = [parameter.detach().clone().requires_grad_() for parameter in parameters]
        with torch.enable_grad():
            graph = record(training, examples, buffers, pieces[0][0], [part[0] for part in pieces[1:]])
        plan = Plan()
        arriving = ["x", *(f"y{number}" for number in range(len(pieces) - 1))]
        given = [parameter.detach() for parameter in parameters] + buffers
        loss, output, *found = Planner(plan, graph, "a").write([*given, *arriving])
        learning = [parameters[place] for place in training.learning]
        gradients = [_like(plan, place, parameter) for place, parameter in zip(found, learning, strict=True)]
        self._gradients[name] = list(zip(learning, gradients, strict=True))
        function = Function(name, fixed=plan.fixed, numbers={"first": "int", "last": "int"})
        lines = [
            "x = xs[i]",
            *(f"y{number} = ys{number}[i]" for number in range(len(pieces) - 1)),
            *plan.lines,
            f"losses[i].copy_({plan.name(loss)})",
            f"outputs[i].copy_({plan.name(output)})",
        ]
        self._counters = []
        for number, kernel in enumerate(kernels(run.optimizer, learning, gradients)):
            label = f"group{number}"
            lines += kernel.line.replace("{n}", label).split("\n")
            function.lists |= {f"{label}{end}": tensors for end, tensors in kernel.lists.items()}
            function.numbers[f"{label}_lr"] = "float"
            self._counters += [kernel.counters] if kernel.counters else []
        if self._outputs is None:
            shape, dtype = training.output_like
            self._outputs = torch.empty((run._batches.rows, *shape[1:]), dtype=dtype)
        outputs = self._outputs[begin : begin + size * count].split(size)
        function.lists |= {"xs": list(pieces[0]), "outputs": list(outputs)}
        function.lists["losses"] = [self._losses[place] for place in range(first, first + count)]
        function.lists |= {f"ys{number}": list(part) for number, part in enumerate(pieces[1:])}
        function.body = ["for i in range(first, last):", *(f"    {line}" for line in lines)]
        self.kernels = len(plan.lines)
        return function

    def _epochs(self, parts: list[Function]) -> Function:
        """Whole epochs: the rows put in order, every batch, and the end of the epoch."""
        assert self._ending is not None
        shuffled = self._run._batches.order is not None
        rates = [name for name in parts[0].numbers if name.endswith("_lr")]
        function = Function("epochs", numbers={"count": "int", **dict.fromkeys(rates, "float")})
        lines = []
        if shuffled:
            self._orders = [torch.zeros(self._run.rows, dtype=torch.int64) for _ in range(MOST_EPOCHS)]
            function.lists |= {"orders": self._orders, "sources": list(self._sources), "rows": self._rows}
            for number in range(len(self._rows)):
                lines.append(f"torch.index_select(sources[{number}], 0, orders[e], out=rows[{number}])")
        for part in parts:
            given = [f"{part.name}_{name}" for name in ("fixed", *part.lists)]
            bounds = {"steps": ["0", str(self._whole)], "tail": ["0", "1"], "ending": []}[part.name]
            lines.append(f"{part.name}({', '.join([*given, *bounds, *(rates if bounds else [])])})")
            function.lists |= {f"{part.name}_fixed": part.used} | {
                f"{part.name}_{name}": tensors for name, tensors in part.lists.items()
            }
        self._kept_losses = torch.zeros(MOST_EPOCHS, self._run.batches)
        self._kept = [torch.zeros(MOST_EPOCHS, *result.shape, dtype=result.dtype) for result in self._ending.results]
        function.lists |= {"measured": [self._losses, *self._ending.results], "kept": [self._kept_losses, *self._kept]}
        for number in range(1 + len(self._kept)):
            lines.append(f"kept[{number}][e].copy_(measured[{number}])")
        function.body = ["for e in range(count):", *(f"    {line}" for line in lines)]
        return function

    # -- comparing it ----------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        """Do a few batches, and the end of an epoch, both ways from the same state. Afterwards all is as it was.

        Raises:
            NotCaptured: a byte of the batches differs.
        """
        run, size = self._run, self._run._batches.size
        self._fill()
        numbers = sorted({0, min(1, self._whole - 1), *([self._whole] if self._tail else [])})
        state = self._everything()
        before, random_state = [tensor.clone() for tensor in state], torch.get_rng_state()
        plain: list[Tensor] = []
        for number in numbers:
            x, *aims = (part[number * size : (number + 1) * size] for part in self._rows)
            plain += run.plain_step(x, tuple(aims))
        plain += [*(tensor.clone() for tensor in state), torch.get_rng_state()]
        _restore(state, before, random_state)
        replayed: list[Tensor] = []
        try:
            for number in numbers:
                began = time.perf_counter()
                self._batches(number, number + 1)
                self._seconds = time.perf_counter() - began  # of the last one: the first also makes the script ready
                losses, output, _ = self.measured(number, number + 1)
                replayed += [losses[0].clone(), output.clone()]
        except RuntimeError as error:  # a kernel that takes other arguments from a script than from torch itself
            _restore(state, before, random_state)
            raise NotCaptured(f"its script does not run: {_reason(error)}") from error
        replayed += [*(tensor.clone() for tensor in state), torch.get_rng_state()]
        _restore(state, before, random_state)
        if not all(map(_same, plain, replayed)):
            raise NotCaptured("its numbers would differ from those of plain steps")
        if self._ending is not None:
            _, output, target = self.measured(0, run.batches)
            wanted = {"train": run.figures.values(run.figures.of(output, target)), "test": {}}
            wanted |= {name: run.measure(name) for name, _ in self._ending.parts}
            self._calls["ending"]()
            if repr(self._ending.record(run, self._ending.results)) != repr(wanted):
                self._ending = None
            _restore(state, before, random_state)

    def _everything(self) -> list[Tensor]:
        """All that a step may change."""
        run = self._run
        states = [value for state in run.optimizer.state.values() for value in state.values()]
        tensors = [parameter.detach() for parameter in run.network.parameters()] + list(run.network.buffers())
        return tensors + [value for value in states if isinstance(value, Tensor)]

    # -- using it --------------------------------------------------------------------------------------------------

    def advance(self, most: int | None) -> int:
        """Do some batches of the epoch under way, at most so many; how many it were."""
        run = self._run
        first = run.batch
        self._fill()
        last = first + 1
        if first < self._whole:
            last = min(self._whole, (first // run.BATCHES_A_SUM + 1) * run.BATCHES_A_SUM)
            last = min(last, first + max(1, int(STRETCH / self._seconds)) if self._seconds else first + 1)
            if most is not None:
                last = min(last, first + most)
        began = time.perf_counter()
        self._batches(first, last)
        if first < self._whole:
            taken = (time.perf_counter() - began) / (last - first)
            self._seconds = min(taken, self._seconds) if self._seconds else taken
        return last - first

    def epochs(self, most: int) -> tuple[Tensor, list[dict[str, Any]]]:
        """Do some whole epochs, at most so many: the losses of their batches [epochs, batches], and their figures."""
        run = self._run
        count = min(most, self.epochs_at_once())
        assert self._ending is not None
        began = time.perf_counter()
        if self._whole + bool(self._tail) > 1:
            for place in range(count):
                self._orders[place].copy_(row_order(run.project.training.seed, run.epoch + place, run.rows))
        else:
            self._fill()
        self._calls["epochs"](count, *self._rates())
        self._align("tail" if self._tail else "steps")
        self._filled = -1
        figures = []
        for place in range(count):
            figures.append(self._ending.record(run, [kept[place] for kept in self._kept]))
        taken = (time.perf_counter() - began) / count
        self._epoch_seconds = min(taken, self._epoch_seconds) if self._epoch_seconds else taken
        return self._kept_losses[:count].clone(), figures

    def measured(self, first: int, last: int) -> tuple[list[Tensor], Tensor, Tensor]:
        """The losses of these batches, what left the main Output, and what that is compared with."""
        run, size = self._run, self._run._batches.size
        rows = slice(first * size, min(last * size, run.rows))
        assert self._outputs is not None
        target = self._rows[1 + run.objective.place]
        return list(self._losses[first:last]), self._outputs[rows], target[rows]

    def _batches(self, first: int, last: int) -> None:
        if first < self._whole:
            self._calls["steps"](first, last, *self._rates())
            self._align("steps")
        else:
            self._calls["tail"](0, 1, *self._rates())
            self._align("tail")

    def _fill(self) -> None:
        """Put the rows into the order of the epoch under way."""
        run = self._run
        if self._filled == run.epoch:
            return
        order = run._batches.order
        for place, source in zip(self._rows, self._sources, strict=True):
            if order is None:
                place.copy_(source)
            else:
                torch.index_select(source, 0, order, out=place)
        self._filled = run.epoch

    def _rates(self) -> list[float]:
        return [float(group["lr"]) for group in self._run.optimizer.param_groups if self._learning_in(group)]

    def _learning_in(self, group: dict[str, Any]) -> bool:
        return any(id(parameter) in self._run.learning for parameter in group["params"])

    def _align(self, name: str) -> None:
        """Leave what a plain step leaves: a count of steps with each weight, and the gradients of the last batch."""
        for parameter, gradient in self._gradients[name]:
            parameter.grad = gradient
        for first, *others in self._counters:
            for counter in others:
                counter.copy_(first)


def unfit(run: Run) -> str:
    """Why a Run's steps are not replayed; empty when they may be."""
    training = run.project.training
    if not training.captured:
        return "it is switched off"
    if run.device.type != "cpu":
        return "the device is not the processor"
    if run._batches.whole is None:
        return "the rows are gathered or changed while it trains"
    if not run.updates.plain or training.compile or run._average is not None:
        return "a step does more than one update of the weights does"
    return ""


def _has_plain_epochs(run: Run) -> bool:
    """Whether nothing but the figures depends on the end of an epoch."""
    training = run.project.training
    return run.updates.schedule is None and training.patience is None and not training.keep_best


def _learns(run: Run, parameter: Tensor) -> bool:
    """Whether the last step changed it: the loss does not reach every parameter."""
    return id(parameter) in run.learning


def _like(plan: Plan, place: int | str, parameter: Tensor) -> Tensor:
    """The gradient as the optimizer takes it: in memory, and laid out as the parameter."""
    if isinstance(place, int) and plan.fixed[place].stride() == parameter.stride():
        return plan.fixed[place]
    number = plan.add(torch.empty_like(parameter.detach()))
    plan.lines.append(f"t{number}.copy_({plan.name(place)})")
    return plan.fixed[number]


def _reason(error: Exception) -> str:
    """What torch says, in one line: the last is the reason, the others are where."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[-1].removeprefix("RuntimeError: ")[:200] if lines else type(error).__name__


def _same(mine: Tensor, theirs: Tensor) -> bool:
    """Whether two tensors are equal to the last bit, not-a-numbers included."""
    return mine.dtype == theirs.dtype and mine.numpy().tobytes() == theirs.numpy().tobytes()


def _restore(state: list[Tensor], before: list[Tensor], random_state: Tensor) -> None:
    for tensor, old in zip(state, before, strict=True):
        tensor.copy_(old)
    torch.set_rng_state(random_state)
