"""Remedies: changes that mend a problem with one click.

Each candidate is tried on the project value and kept only if the check no longer finds the problem and finds no more
errors than before, so a remedy that is offered works.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nnstudio.core.blocks import every_node, graph_at, with_graph_at
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Layer, Loss
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import Report, check
from nnstudio.engine.data import load

MOST = 3  # remedies offered for one problem


@dataclass(frozen=True)
class Remedy:
    """What the button says, what the project would be, and what it costs."""

    label: str
    project: Project
    cost: str = ""


def remedies(project: Project, report: Report, problem: Problem) -> list[Remedy]:
    """The changes that mend this problem, the best first."""
    found: list[Remedy] = []
    if problem.severity == "warning" and problem.message not in {other.message for other in check(project).problems}:
        return found  # it was found by training, and only training can say what helps
    for label, changed in _everywhere(project, report, problem):
        after = check(changed)
        fewer = len(after.errors) < len(report.errors)
        if problem.message in {other.message for other in after.problems} or len(after.errors) > len(report.errors):
            continue
        if problem.severity == "error" and _size(changed.graph) < _size(project.graph) and not fewer:
            continue  # what is deleted is missed elsewhere
        if problem.node is not None and problem.severity == "error" and _errors_at(after, problem.node):
            continue
        if any(remedy.project == changed for remedy in found):
            continue
        more = after.parameters - report.parameters
        cost = f"{more:+,} parameters".replace("-", "−") if more and report.ready else ""
        found.append(Remedy(label, changed, cost))
        if len(found) == MOST:
            break
    return found


def fit_output(project: Project) -> Project | None:
    """The project with a loss and a size of the last layer that suit its data, and with a Flatten where images meet
    layers for rows of numbers; None when there is nothing to change, or no such change helps."""
    graph, dataset = project.graph, project.data.dataset
    output = next((node for node in graph.nodes.values() if isinstance(getattr(node.layer, "loss", None), Loss)), None)
    if output is None or dataset is None:
        return None
    try:
        data = load(dataset)
    except (ValueError, OSError):
        return None
    classification = data.task == "classification"
    natural = data.classes if classification else int(data.targets.shape[1])
    losses = registered(Loss)
    first = ["CrossEntropyLoss", "BCEWithLogitsLoss"] if classification else ["MSELoss"]
    candidates = [output.layer.loss]  # type: ignore[attr-defined]
    candidates += [losses[name]() for name in first if name in losses]
    before = len(check(project).errors)
    for start in (graph, _flattened(project) if len(data.input_type.shape) > 1 else graph):
        last = _last_sized(start, output.id)
        for loss in candidates:
            for size in (None, natural, 1):
                changed = start.configure(output.id, loss=loss)
                if size is not None:
                    if last is None:
                        continue
                    changed = changed.configure(last, out_features=size)
                result = project.with_graph(changed)
                report = check(result)
                fits = not _errors_at(report, output.id) and report.nodes[output.id].output is not None
                if fits and len(report.errors) <= before:
                    return result if result != project else None
    return None


def _flattened(project: Project) -> Graph:
    """The drawing with a Flatten behind its Input."""
    source = next((node.id for node in project.graph.nodes.values() if not node.layer.input_ports), "")
    graph = project.graph
    for edge in project.graph.out_of(source):
        for _, changed in _inserted(project.with_graph(graph), edge, "Flatten"):
            graph = changed.graph
    return graph


def without(graph: Graph, node_id: str) -> Graph:
    """The graph without a node, its source wired on to what it fed."""
    into, out = graph.into(node_id), graph.out_of(node_id)
    graph = graph.remove([node_id])
    if len(into) == 1:
        for edge in out:
            graph = graph.connect(replace(edge, source=into[0].source, source_port=into[0].source_port))
    return graph


def _errors_at(report: Report, node_id: str) -> list[Problem]:
    return [problem for problem in report.at(node_id) if problem.severity == "error"]


def _everywhere(project: Project, report: Report, problem: Problem) -> Iterator[tuple[str, Project]]:
    """The candidates, those for a node in a block as changes of the drawing in it."""
    *inside, node_id = (problem.node or "").split("/")
    drawing = graph_at(project.graph, inside)
    if not inside or drawing is None:
        yield from _candidates(project, report, problem)
        return
    level = project.with_graph(drawing)
    for label, changed in _candidates(level, report.level(inside), replace(problem, node=node_id)):
        if changed.data == project.data and changed.training == project.training:
            yield label, project.with_graph(with_graph_at(project.graph, inside, changed.graph))


def _size(graph: Graph) -> int:
    return sum(1 for _ in every_node(graph))


def _candidates(project: Project, report: Report, problem: Problem) -> Iterator[tuple[str, Project]]:
    graph = project.graph
    if problem.node is None or problem.node not in graph.nodes:
        yield from _for_project(project)
        return
    node = graph.nodes[problem.node]
    layer, into = node.layer, graph.into(node.id)
    inputs = report.nodes[node.id].inputs if node.id in report.nodes else ()
    if layer.role == "output":
        fitted = fit_output(project)
        if fitted is not None:
            yield "Fit the network to the data", fitted
    if getattr(layer, "shape", None) is not None and layer.role == "input":
        yield "Follow the data", project.with_graph(graph.configure(node.id, shape=None))
    for port in layer.input_ports:
        if graph.ending_at(node.id, port.name) is None:
            for source in _loose_ends(graph, report, node.id):
                title = graph.nodes[source].title
                edge = Edge(source, graph.nodes[source].layer.output_ports[0].name, node.id, port.name)
                yield f"Wire it to {title}", project.with_graph(graph.connect(edge))
    flatten = problem.severity == "error" or "Flatten" in problem.fix
    if flatten and len(into) == 1 and inputs and inputs[0] is not None and len(inputs[0].shape) > 1:
        yield from _inserted(project, into[0], "Flatten")
    if len(into) > 1 and all(kind is not None for kind in inputs):
        yield from _same_size(project, report, node.id)
    if len(into) == 1 and "activation" in problem.fix:
        yield from _inserted(project, into[0], "ReLU")
    if not graph.out_of(node.id) and layer.output_ports:
        for target in graph.nodes.values():
            for port in target.layer.input_ports:
                if target.id != node.id and graph.ending_at(target.id, port.name) is None:
                    words = f"Wire it to {target.title}"
                    yield words, project.with_graph(graph.wire(node.id, target.id, port.name))
    yield from _other_batches(project)
    if problem.severity == "error" or "delete" in problem.fix.lower():
        yield f"Delete {node.title}", project.with_graph(without(graph, node.id))


def _for_project(project: Project) -> Iterator[tuple[str, Project]]:
    from_left = min((node.position for node in project.graph.nodes.values()), default=(200.0, 0.0))
    right = max((node.position for node in project.graph.nodes.values()), default=(0.0, 0.0))
    layers = registered(Layer)
    for name, place in (("Input", (from_left[0] - 200, from_left[1])), ("Output", (right[0] + 200, right[1]))):
        if name in layers:
            yield f"Add {name}", project.with_graph(project.graph.add(layers[name](), place)[0])


def _inserted(project: Project, edge: Edge, name: str, **settings: int) -> Iterator[tuple[str, Project]]:
    """A layer put on a wire, in the middle between its ends."""
    found = registered(Layer).get(name)
    if found is None:
        return
    source, target = project.graph.nodes[edge.source].position, project.graph.nodes[edge.target].position
    middle = ((source[0] + target[0]) / 2, (source[1] + target[1]) / 2)
    graph, node = project.graph.insert_on(edge, found(**settings), middle)
    size = "".join(f" to {value}" for key, value in settings.items() if key.startswith("out_"))
    yield f"Insert {type(node.layer).__name__}{size}", project.with_graph(graph)


def _same_size(project: Project, report: Report, node_id: str) -> Iterator[tuple[str, Project]]:
    """For layers that need inputs of one shape: a layer on one wire that makes it like the other."""
    into = project.graph.into(node_id)
    for edge in into:
        for other in into:
            here, there = report.nodes[edge.source].output, report.nodes[other.source].output
            if here is None or there is None or here.shape == there.shape:
                continue
            if len(here.shape) == len(there.shape) == 1:
                yield from _inserted(project, edge, "Linear", out_features=there.shape[0])
            elif len(here.shape) == len(there.shape) == 3:
                yield from _inserted(project, edge, "Conv2d", out_channels=there.shape[0], kernel_size=1)


def _loose_ends(graph: Graph, report: Report, node_id: str) -> list[str]:
    """Nodes that could feed this one: first those that feed nothing yet."""
    loose = [i for i, node in graph.nodes.items() if i != node_id and node.layer.output_ports and not graph.out_of(i)]
    return [source for source in loose if report.nodes[source].output is not None]


def _last_sized(graph: Graph, node_id: str) -> str | None:
    """The last node before this one that has a size of its own to set."""
    seen: set[str] = set()
    while node_id not in seen:
        seen.add(node_id)
        into = graph.into(node_id)
        if len(into) != 1:
            return None
        node_id = into[0].source
        if hasattr(graph.nodes[node_id].layer, "out_features"):
            return node_id
    return None


def _other_batches(project: Project) -> Iterator[tuple[str, Project]]:
    size = project.training.batch_size
    for wished in (size + 1, size + 2) if size is not None else ():
        yield f"Use batches of {wished}", project.with_training(batch_size=wished)
