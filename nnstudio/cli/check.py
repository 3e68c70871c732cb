"""`nnstudio check`: shapes, parameters and problems."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nnstudio.cli import project_file
from nnstudio.cli.output import complain, say, say_json, table
from nnstudio.cli.refusal import GOOD
from nnstudio.core.blocks import Block, boundary, every_node, title_at
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph, Node
from nnstudio.core.kinds import Missing
from nnstudio.core.project import Project
from nnstudio.engine.compiler import NodeReport, Report, check, compile_network
from nnstudio.engine.cost import Cost, cost
from nnstudio.engine.data import prepare
from nnstudio.engine.memory import bytes_text, rows_in_a_step

if TYPE_CHECKING:
    from nnstudio.engine.sizes import Axis, Sizes


def run(line: Namespace) -> int:
    """Print what the compiler says; errors among it make the exit code 1."""
    stored = project_file.read(line.file)
    for notice in stored.notices:
        complain(notice)
    report = check(stored.project)
    spent = _cost(stored.project, report) if line.cost else None
    sizes = _sizes(stored.project, report) if line.sizes else None
    if line.json:
        found = as_json(stored.project, report)
        found |= {"cost": _cost_as_json(spent)} if spent else {}
        found |= {"sizes": _sizes_as_json(stored.project, sizes)} if sizes else {}
        say_json(found)
    else:
        _say_text(stored.project, report, spent, sizes)
    if report.errors:
        raise project_file.problems_refusal(line.file, report.errors)
    return GOOD


def as_json(project: Project, report: Report) -> dict[str, Any]:
    """The report for a program. Nodes are named by their titles; the batch axis of a shape is null."""
    titles = {path: title_at(project.graph, path) for path, _ in every_node(project.graph)}
    return {
        "problems": [
            {
                "severity": problem.severity,
                "node": titles.get(problem.node) if problem.node else None,
                "port": problem.port,
                "message": problem.message,
                "needed": problem.needed,
                "got": problem.got,
                "fix": problem.fix,
            }
            for problem in report.problems
        ],
        "nodes": [
            {
                "title": titles[path],
                "layer": _layer(node),
                "output_shape": _shape(found.output) if found.output else None,
                "parameters": found.parameters,
            }
            for path, node, found in _in_order(project.graph, report)
        ],
        "parameters": report.parameters,
    }


def _in_order(graph: Graph, report: Report, before: str = "") -> Iterator[tuple[str, Node, NodeReport]]:
    """Nodes as they are computed, those of a block behind it, then those that are left out."""
    order = report.orders.get(before, ())
    rest = [node_id for node_id in graph.nodes if node_id not in set(order)]
    for node_id in [*order, *rest]:
        node = graph.nodes[node_id]
        yield before + node_id, node, report.nodes.get(before + node_id, NodeReport())
        if isinstance(node.layer, Block):
            yield from _in_order(node.layer.graph, report, f"{before}{node_id}/")


def _layer(node: Node) -> str:
    layer = node.layer
    if isinstance(layer, Block):
        return layer.name
    return layer.name if isinstance(layer, Missing) else type(layer).__name__


def _shape(kind: TensorType) -> list[int | None]:
    """The sizes of all axes; null for that of the batch."""
    sizes: list[int | None] = list(kind.shape)
    if kind.rows:
        sizes.insert(kind.axis, None)
    return sizes


def _cost(project: Project, report: Report) -> Cost | None:
    """What a step of training costs; None where there is no network."""
    if not _inputs(project, report):
        return None
    return cost(project.graph, _bound(project), rows_in_a_step(project))


def _sizes(project: Project, report: Report) -> Sizes | None:
    """What every size is when those of the inputs are left open; None where there is no network."""
    from nnstudio.engine.sizes import free_sizes  # takes a quarter of a second, which few commands need

    inputs = _inputs(project, report)
    return free_sizes(compile_network(project.graph, _bound(project)), inputs) if inputs else None


def _inputs(project: Project, report: Report) -> tuple[TensorType, ...]:
    """What the Inputs give; nothing where there is no network that could be made."""
    kinds = [report.nodes[node.id].output for node in boundary(project.graph, "input")]
    known = tuple(kind for kind in kinds if kind is not None)
    broken = any(problem.node for problem in report.errors) or not boundary(project.graph, "output")
    return () if broken or len(known) < len(kinds) else known


def _bound(project: Project) -> TensorType | None:
    """What the data gives, where there is some."""
    return prepare(project.data).input_type if project.data.dataset is not None else None


def _cost_as_json(found: Cost) -> dict[str, Any]:
    return {
        "operations": found.total_operations,
        "weights_bytes": found.weights,
        "gradients_bytes": found.gradients,
        "saved_bytes": found.saved,
    }


def _sizes_as_json(project: Project, sizes: Sizes) -> dict[str, Any]:
    titles = {path: title_at(project.graph, path) for path, _ in every_node(project.graph)}
    return {
        "axes": [
            {
                "input": titles[axis.node],
                "axis": axis.place + 1,
                "name": axis.name,
                "size": axis.size,
                "free": axis.free,
                "words": _axis_words(project.graph, axis),
            }
            for axis in sizes.axes
        ],
        "outputs": {titles[path]: list(told) for path, told in sizes.nodes.items() if path in titles},
    }


def _axis_words(graph: Graph, axis: Axis) -> str:
    return axis.words(title_at(graph, axis.fixed_by) if axis.fixed_by not in ("", axis.node) else "")


def _say_text(project: Project, report: Report, spent: Cost | None, sizes: Sizes | None) -> None:
    rows = [("node", "layer", "", "output", "parameters")]
    for path, node, found in _in_order(project.graph, report):
        output = (sizes.text(path) if sizes else "") or (found.output.text if found.output else "?")
        parameters = f"{found.parameters:,}" if found.parameters else ""
        title = "  " * path.count("/") + node.title
        rows.append((title, _layer(node), found.summary, output, parameters))
    for text in table(rows, right=(4,)):
        say(text)
    say(f"{report.parameters:,} parameters")
    if spent is not None:
        rows_ = rows_in_a_step(project)
        say(f"{spent.total_operations:,} multiplications for one row, forwards")
        memory = [bytes_text(count) for count in (spent.weights, spent.gradients, spent.saved)]
        say(f"memory: {memory[0]} weights, {memory[1]} gradients, {memory[2]} values kept for a batch of {rows_}")
    if sizes is not None:
        for axis in sizes.axes:
            words = _axis_words(project.graph, axis)
            say(f"{project.graph.nodes[axis.node].title}, {axis.name}: {words}")
    for problem in report.problems:
        say(f"{problem.severity}: {problem.message}")
    if not report.problems:
        say("no problems")
