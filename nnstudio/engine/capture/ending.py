"""The end of an epoch as a function of the script: the metrics of the training rows, and the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from nnstudio.engine.capture.plan import Plan, Planner
from nnstudio.engine.capture.script import Function
from nnstudio.engine.capture.trace import NotCaptured, forward, record
from nnstudio.engine.data import PartName

if TYPE_CHECKING:
    from nnstudio.engine.run import Run


@dataclass
class Ending:
    """What is measured after the last batch.

    Attributes:
        function: writes every figure into its place in `results`.
        results: small tensors: of the training rows the sums of each metric, and of each tested part its loss and sums.
        parts: the tested parts and how many rows they have.
    """

    function: Function
    results: list[Tensor]
    keys: list[str]
    parts: list[tuple[PartName, int]] = field(default_factory=list)

    def record(self, run: Run, results: list[Tensor]) -> dict[str, Any]:
        """The figures of each part, made of such results as a Run makes them of its own."""
        waiting = iter(results)
        found: dict[str, Any] = {"train": run.figures.values(self._sums(waiting)), "test": {}}
        for name, rows in self.parts:
            loss = next(waiting).item() * rows / rows
            found[name] = {"loss": loss} | run.figures.values(self._sums(waiting))
        return found

    def _sums(self, waiting: Iterator[Tensor]) -> dict[str, Tensor]:
        return {key: next(waiting) for key in self.keys}


def ending(run: Run, outputs: Tensor, targets: Tensor, most_rows: int) -> Ending:
    """Record what the Run does at the end of an epoch, for outputs and targets of all its training rows.

    Raises:
        NotCaptured: it cannot be recorded, or is done in several pieces.
    """
    if run._batches.count > run.BATCHES_A_SUM:
        raise NotCaptured("an epoch has many batches")
    names: list[PartName] = [name for name in ("test", "validation") if len(run.prepared.part(name))]
    held = []
    for name in names:
        part = run.held(name)
        if part is None or len(part[0]) > most_rows:
            raise NotCaptured("the tested rows are many")
        held.append(part)
    network, objective, figures = run.network, run.objective, run.figures
    parameter_names = [name for name, _ in network.named_parameters()]
    buffer_names = [name for name, _ in network.named_buffers()]
    state = [parameter.detach() for parameter in network.parameters()]
    buffers = list(network.buffers())

    def measure(state: Any, buffers: Any, outputs: Tensor, targets: Tensor, held: Any) -> list[Tensor]:
        found = list(figures.of(outputs, targets).values())
        for x, aims in held:
            given = forward(network, objective, parameter_names, state, buffer_names, buffers, x)
            found.append(objective.loss(given, tuple(aims)))
            found += figures.of(objective.output(given), aims[objective.place]).values()
        return found

    network.eval()
    try:
        with torch.no_grad():
            graph = record(measure, state, buffers, outputs, targets, held)
    finally:
        network.train()
    plan = Plan()
    given = [*state, *buffers, outputs, targets, *torch.utils._pytree.tree_leaves(held)]
    places = Planner(plan, graph, "b").write(given)
    results = [torch.zeros_like(value) for value in _values(graph)]
    lines = list(plan.lines)
    for place, result in zip(places, results, strict=True):
        lines.append(f"t{plan.add(result)}.copy_({plan.name(place)})")
    keys = [metric.key for metric in figures.metrics]
    function = Function("ending", body=lines, fixed=plan.fixed)
    parts = [(name, len(part[0])) for name, part in zip(names, held, strict=True)]
    return Ending(function, results, keys, parts)


def _values(graph: Any) -> list[Tensor]:
    """Tensors of the sizes of what the graph gives back."""
    [output] = [node for node in graph.graph.nodes if node.op == "output"]
    leaves = torch.utils._pytree.tree_leaves(output.args[0])
    return [torch.zeros(node.meta["val"].shape, dtype=node.meta["val"].dtype) for node in leaves]
