"""Whether a training fits into the memory of this computer, before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from nnstudio.core.blocks import Block, title_at
from nnstudio.core.graph import Graph, Node
from nnstudio.core.kinds import Optimizer
from nnstudio.core.problems import Complaint, Problem
from nnstudio.core.project import Project, TrainingSettings
from nnstudio.engine.data import prepare

if TYPE_CHECKING:
    from nnstudio.engine.report import Report

# Bytes of a weight, its gradient and the two moments that most optimizers keep; of a value and its gradient.
A_PARAMETER = 16
A_VALUE = 8
_FLOAT = 4
# A weight whose optimizer is asked how much it keeps: a matrix that is large enough for its small parts not to count.
_PROBE = (64, 48)


def check_memory(project: Project, report: Report) -> list[Problem]:
    """An error at the node that takes most, when weights and the values of one batch together cannot fit."""
    limit = memory()
    rows = rows_in_a_step(project)
    parameter = parameter_bytes(project.training)
    leaves = {path: (report.nodes[path], times) for path, _, times in layers_in(project.graph, report)}
    values = {i: found.output.size * rows * times for i, (found, times) in leaves.items() if found.output is not None}
    if parameter * report.parameters + A_VALUE * sum(values.values()) <= limit:
        return []
    taken = {
        i: parameter * found.parameters * times + A_VALUE * values.get(i, 0) for i, (found, times) in leaves.items()
    }
    largest = max(taken, key=lambda node_id: taken[node_id])
    parameters = report.nodes[largest].parameters
    if parameter * parameters > A_VALUE * values.get(largest, 0):
        what, fix = f"{parameters:,} parameters", "Make it smaller."
    else:
        what, fix = f"{values[largest]:,} values for a batch of {rows}", "Make it smaller, or use smaller batches."
        fits = rows_that_fit(project, report, limit)
        if fits:
            fix = f"Use batches of at most {fits:,} rows (an estimate), or make it smaller."
    complaint = Complaint(
        f"memory that this computer has ({bytes_text(limit)})",
        f"{what}, for which training takes {bytes_text(taken[largest])}",
        fix,
    )
    return [Problem.at(largest, title_at(project.graph, largest), complaint)]


def rows_that_fit(project: Project, report: Report, limit: float) -> int:
    """The largest power of two of rows in a batch that is estimated to fit into so many bytes; 0 when not one does."""
    values = 0
    for path, _, times in layers_in(project.graph, report):
        output = report.nodes[path].output
        values += output.size * times if output is not None else 0
    rows = (limit - parameter_bytes(project.training) * report.parameters) / (A_VALUE * max(values, 1))
    return 1 << (int(rows).bit_length() - 1) if rows >= 1 else 0


def parameter_bytes(training: TrainingSettings) -> float:
    """What a weight takes while it is trained: itself, its gradient, what the optimizer keeps of it, and copies."""
    kept = 2.0 if training.optimizer is None else moments(training.optimizer)
    copies = (training.ema_decay is not None) + training.keep_best
    return _FLOAT * (2 + kept + copies)


@lru_cache(maxsize=64)
def moments(optimizer: Optimizer) -> float:
    """How many numbers an optimizer keeps for each weight: 0 for plain SGD, 2 for Adam."""
    try:
        probe = torch.nn.Parameter(torch.zeros(_PROBE))
        probe.grad = torch.zeros(_PROBE)
        made = optimizer.build([probe])
        made.step()
        state = made.state[probe]
    except (RuntimeError, ValueError, TypeError):
        return 2.0
    kept = sum(value.numel() for value in state.values() if isinstance(value, torch.Tensor) and value.dim())
    return float(kept / probe.numel())


def layers_in(graph: Graph, report: Report, before: str = "", times: int = 1) -> Iterator[tuple[str, Node, int]]:
    """The path and the node of every layer that is computed, those in blocks too, and how often it is."""
    for node_id in report.orders.get(before, ()):
        node = graph.nodes[node_id]
        if isinstance(node.layer, Block):
            yield from layers_in(node.layer.graph, report, f"{before}{node_id}/", times * node.layer.repeat)
        else:
            yield before + node_id, node, times


@lru_cache(maxsize=1)
def memory() -> int:
    """The bytes of memory that this program may use: those of the computer, or fewer where a limit is set."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        found = 16 << 30
    for limit in (_container_limit(), _process_limit()):
        found = min(found, limit) if limit else found
    return found


def _container_limit() -> int:
    """The limit of the container that this program runs in; 0 where there is none."""
    with suppress(OSError, ValueError):
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    return 0


def _process_limit() -> int:
    """The limit of this process; 0 where there is none."""
    try:
        import resource
    except ImportError:  # Windows has none
        return 0
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return 0 if limit == resource.RLIM_INFINITY else limit


def rows_in_a_step(project: Project) -> int:
    """How many rows one step takes; 1 while they cannot be read."""
    if project.data.dataset is None:
        return 1
    try:
        rows = len(prepare(project.data).train_rows)
    except (ValueError, OSError):
        return 1
    return min(project.training.batch_size or rows, rows)


def bytes_text(count: float) -> str:
    """A number of bytes in a fit unit."""
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if count < 1000 or unit == "PB":
            return f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError
