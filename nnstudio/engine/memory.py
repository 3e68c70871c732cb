"""Whether a training fits into the memory of this computer, before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from nnstudio.core.blocks import Block, title_at
from nnstudio.core.graph import Graph, Node
from nnstudio.core.problems import Complaint, Problem
from nnstudio.core.project import Project
from nnstudio.engine.data import prepare

if TYPE_CHECKING:
    from nnstudio.engine.report import Report

# A weight, its gradient and two moments; a value and its gradient. Each is a float32.
A_PARAMETER = 16
A_VALUE = 8


def check_memory(project: Project, report: Report) -> list[Problem]:
    """An error at the node that takes most, when weights and the values of one batch together cannot fit."""
    limit = memory()
    rows = rows_in_a_step(project)
    leaves = {path: (report.nodes[path], times) for path, _, times in layers_in(project.graph, report)}
    values = {i: found.output.size * rows * times for i, (found, times) in leaves.items() if found.output is not None}
    if A_PARAMETER * report.parameters + A_VALUE * sum(values.values()) <= limit:
        return []
    taken = {
        i: A_PARAMETER * found.parameters * times + A_VALUE * values.get(i, 0) for i, (found, times) in leaves.items()
    }
    largest = max(taken, key=lambda node_id: taken[node_id])
    parameters = report.nodes[largest].parameters
    if A_PARAMETER * parameters > A_VALUE * values.get(largest, 0):
        what, fix = f"{parameters:,} parameters", "Make it smaller."
    else:
        what, fix = f"{values[largest]:,} values for a batch of {rows}", "Make it smaller, or use smaller batches."
    complaint = Complaint(
        f"memory that this computer has ({bytes_text(limit)})",
        f"{what}, for which training takes {bytes_text(taken[largest])}",
        fix,
    )
    return [Problem.at(largest, title_at(project.graph, largest), complaint)]


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
    """The bytes of this computer's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 16 << 30


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
