"""From a drawing to an nn.Module.

`check` says of every node what goes in and out of it, and what is wrong. `compile_network` makes the Network: the
layers' own torch modules under names taken from the titles, and a forward that torch.fx writes as straight-line code.

Shapes come from the real layer on torch's meta device, kept by (layer, input types): the same code that trains.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from nnstudio.core.blocks import boundary, every_node
from nnstudio.core.data import Data, TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.problems import Complaint, Problem
from nnstudio.core.project import Project
from nnstudio.engine.data import load, prepare
from nnstudio.engine.memory import check_memory
from nnstudio.engine.network import Network
from nnstudio.engine.report import GraphError, NodeReport, Report
from nnstudio.engine.scopes import check_level
from nnstudio.library.layers.output import Output

__all__ = ["GraphError", "NodeReport", "Report", "check", "check_graph", "compile_network"]


# -- checking ----------------------------------------------------------------------------------------------------------


def check(project: Project) -> Report:
    """Shapes, parameters and problems of a whole project: the drawing, bound to its data, and its training."""
    problems: list[Problem] = []
    data: Data | None = None
    if project.data.dataset is None:
        problems.append(_of_project("No data is chosen.", "a dataset", "none", "Choose a dataset in the Data panel."))
    else:
        try:
            data = load(project.data.dataset)
            prepare(project.data)
        except (ValueError, OSError) as error:
            problems.append(Problem("error", f"{error}"))
    report = check_graph(project.graph, data.input_type if data else None)
    problems.extend(report.problems)
    if data is not None:
        problems.extend(_check_loss(project.graph, report, data))
        problems.extend(_check_batches(project, report, data))
    if project.training.optimizer is None:
        fix = "Choose one in the Training panel."
        problems.append(_of_project("No optimizer is chosen.", "an optimizer", "none", fix))
    # Of data that cannot be read, or is only being read, no sizes are known: what has parameters is not known either.
    sized = report.ready and (data is not None or project.data.dataset is None)
    if sized and report.parameters == 0:
        words = "There is nothing to train: no layer has parameters."
        problems.append(_of_project(words, "a layer with parameters", "none", "Add a Linear layer."))
    elif sized and report.trainable == 0:
        words = "There is nothing to train: every layer with parameters is frozen."
        problems.append(_of_project(words, "a layer that is not frozen", "none", "Unfreeze one."))
    problems.extend(check_memory(project, report))
    rank = {"error": 0, "warning": 1, "note": 2}
    problems.sort(key=lambda problem: rank[problem.severity])
    return replace(report, problems=tuple(problems))


def _of_project(words: str, needed: str, got: str, fix: str) -> Problem:
    """An error of no node."""
    return Problem("error", f"{words} {fix}", needed=needed, got=got, fix=fix)


def check_graph(graph: Graph, input_type: TensorType | None = None) -> Report:
    """Shapes, parameters and problems of a drawing.

    `input_type` is what the data gives; without data, an Input passes on what its own settings say.
    """
    given = {node.id: node.layer.type_from(input_type) for node in boundary(graph, "input")}  # type: ignore[attr-defined]
    level = check_level(graph, given, inside=False)
    problems = (*_check_ends(graph), *_check_features(graph, input_type), *level.problems)
    return Report(level.nodes, problems, level.parameters, level.orders, level.trainable)


def _check_ends(graph: Graph) -> list[Problem]:
    problems = []
    if not boundary(graph, "input"):
        problems.append(_of_project("There is no Input.", "an Input", "none", "Drag one from the palette."))
    if not boundary(graph, "output"):
        problems.append(_of_project("There is no Output.", "an Output", "none", "Drag one from the palette."))
    return problems


def _check_features(graph: Graph, input_type: TensorType | None) -> list[Problem]:
    """Columns that the data does not have."""
    problems = []
    for node in boundary(graph, "input"):
        listed = getattr(node.layer, "features", None)
        if not listed or input_type is None:
            continue
        columns = input_type.shape[0] if len(input_type.shape) == 1 else 0
        if columns and max(listed) >= columns:
            needed, got = f"columns from 0 to {columns - 1}", f"column {max(listed)}"
            problems.append(Problem.at(node.id, node.title, Complaint(needed, got, "List other features.")))
        elif not columns:
            complaint = Complaint("a table, to take columns from", f"rows {input_type.text}", "Clear its features.")
            problems.append(Problem.at(node.id, node.title, complaint))
    return problems


def _check_loss(graph: Graph, report: Report, data: Data) -> list[Problem]:
    problems: list[Problem] = []
    for node_id in report.order:
        node = graph.nodes[node_id]
        loss = getattr(node.layer, "loss", None)
        kind = report.nodes[node_id].output
        if loss is None or kind is None:
            continue
        complaints = _check_head(node.layer, kind, data)  # type: ignore[arg-type]
        problems.extend(Problem.at(node_id, node.title, complaint) for complaint in complaints)
    return problems


def _check_head(layer: Output, kind: TensorType, data: Data) -> Iterable[Complaint]:
    """What is wrong with comparing this output with the target of the data, or with its input."""
    if not kind.batch_first or kind.rows != 1:
        yield Complaint("one result for each row [B, ...]", kind.text, "Bring the batch to the front before it.")
    elif layer.target == "target":
        yield from layer.loss.check(kind, data)
    elif kind != data.input_type:
        fix = "Make the sizes equal, or compare it with the target of the data."
        yield Complaint(f"{data.input_type.text}, as the input that it is compared with", kind.text, fix)
    else:
        flat = data.inputs.reshape(data.rows, -1)
        yield from layer.loss.check(TensorType((kind.size,)), Data(data.inputs, flat, "regression"))


def _check_batches(project: Project, report: Report, data: Data) -> list[Problem]:
    """Batch normalisation cannot learn from a batch of one row."""
    try:
        rows = len(prepare(project.data).train_rows)
    except (ValueError, OSError):
        return []
    size = min(project.training.batch_size or rows, rows)
    last = rows % size or size
    if last != 1:
        return []
    problems = []
    for path, node in every_node(project.graph):
        found = report.nodes.get(path, NodeReport())
        if (
            type(node.layer).__name__.startswith("BatchNorm")
            and found.output
            and math.prod(found.output.shape[1:]) == 1
        ):
            complaint = Complaint(
                "at least 2 rows in every batch",
                f"a last batch of 1 row ({rows} training rows in batches of {size})",
                f"Use another batch size, such as {size + 1 if rows % (size + 1) != 1 else size + 2}.",
            )
            problems.append(Problem.at(path, node.title, complaint))
    return problems


# -- compiling ---------------------------------------------------------------------------------------------------------


def compile_network(graph: Graph, input_type: TensorType | None = None) -> Network:
    """The network of a drawing for inputs of this type, or of the types that its Inputs say.

    The initial weights are drawn from torch's random state in topological order, ties in the order in which the nodes
    were made: after `torch.manual_seed` they are those of a script that makes the layers one after the other.

    Raises:
        GraphError: the drawing has errors, or the type of an input is not known.
    """
    report = check_graph(graph, input_type)
    problems = report.errors
    for node in boundary(graph, "input"):
        if report.nodes[node.id].output is None:
            complaint = Complaint("the shape of a row", "none", "Choose data, or set its shape.")
            problems.append(Problem.at(node.id, node.title, complaint))
    if problems:
        raise GraphError(problems)
    return Network(graph, report)
