"""From a drawing to an nn.Module.

`check` says of every node what goes in and out of it, and what is wrong. `compile_network` makes the Network: the
layers' own torch modules under names taken from the titles, and a forward that torch.fx writes as straight-line code.

Shapes come from the real layer on torch's meta device, kept by (layer, input types): the same code that trains.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import torch

from nnstudio.core.data import Data, TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Layer, Missing
from nnstudio.core.problems import Complaint, Problem, errors
from nnstudio.core.project import Project
from nnstudio.engine.data import load, prepare
from nnstudio.engine.memory import check_memory
from nnstudio.engine.network import Network


@dataclass(frozen=True)
class NodeReport:
    """What is known of one node: the type at each input port (None: not known), the output, and the parameters."""

    inputs: tuple[TensorType | None, ...] = ()
    output: TensorType | None = None
    parameters: int = 0
    summary: str = ""


@dataclass(frozen=True)
class Report:
    """What `check` found. `order` holds the ids of the nodes that lead to an Output, in the order of computation."""

    nodes: Mapping[str, NodeReport] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    parameters: int = 0
    order: tuple[str, ...] = ()

    @property
    def errors(self) -> list[Problem]:
        return errors(self.problems)

    @property
    def ready(self) -> bool:
        """Whether the project can be trained."""
        return not self.errors

    def at(self, node_id: str) -> list[Problem]:
        """The problems at one node."""
        return self._by_node.get(node_id, [])

    @cached_property
    def _by_node(self) -> dict[str | None, list[Problem]]:
        found: dict[str | None, list[Problem]] = {}
        for problem in self.problems:
            found.setdefault(problem.node, []).append(problem)
        return found


class GraphError(ValueError):
    """A drawing that cannot be compiled; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems[0].message if problems else "The drawing cannot be compiled.")


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
    if report.ready and report.parameters == 0:
        words = "There is nothing to train: no layer has parameters."
        problems.append(_of_project(words, "a layer with parameters", "none", "Add a Linear layer."))
    problems.extend(check_memory(project, report))
    rank = {"error": 0, "warning": 1, "note": 2}
    problems.sort(key=lambda problem: rank[problem.severity])
    return Report(report.nodes, tuple(problems), report.parameters, report.order)


def _of_project(words: str, needed: str, got: str, fix: str) -> Problem:
    """An error of no node."""
    return Problem("error", f"{words} {fix}", needed=needed, got=got, fix=fix)


def check_graph(graph: Graph, input_type: TensorType | None) -> Report:
    """Shapes, parameters and problems of a drawing. `input_type` is what the data gives; None when there is none."""
    problems: list[Problem] = []
    ordered, _ = graph.order()
    problems.extend(_check_cycle(graph))
    outputs = [node_id for node_id, node in graph.nodes.items() if not node.layer.output_ports]
    problems.extend(_check_ends(graph, outputs))
    alive = _leading_to(graph, outputs)
    feeding = {(edge.target, edge.target_port): edge.source for edge in graph.edges}
    nodes: dict[str, NodeReport] = {}
    used = 0
    for node_id in ordered:
        node = graph.nodes[node_id]
        layer = node.layer
        types: list[TensorType | None] = []
        unconnected = False
        for port in layer.input_ports:
            source = feeding.get((node_id, port.name))
            types.append(nodes[source].output if source in nodes else None)
            if source is None:
                unconnected = True
                if node_id in alive:
                    fix = "Draw a wire to it."
                    words = f"{node.title} gets nothing at its input{_port_words(layer, port.name)}. {fix}"
                    problems.append(Problem("error", words, node_id, port.name, "a wire", "nothing", fix))
        if isinstance(layer, Missing):
            problems.append(_check_missing(node_id, node.title, layer))
            nodes[node_id] = NodeReport(tuple(types))
            continue
        if not layer.input_ports:
            report, found = _check_input(graph, node_id, layer, input_type)
        elif unconnected or any(kind is None for kind in types):
            report, found = NodeReport(tuple(types)), []
        else:
            report, found = _check_layer(graph, nodes, node_id, tuple(kind for kind in types if kind is not None))
        nodes[node_id] = report
        if node_id in alive:
            used += report.parameters
            problems.extend(found)
        else:  # what is left out keeps nothing from training
            problems.extend(replace(problem, severity="warning") for problem in found if problem.severity != "note")
            words, fix = (
                f"{node.title} leads to no Output, so it is left out.",
                "Wire it on towards the Output, or delete it.",
            )
            problems.append(Problem("warning", words, node_id, fix=fix))
    for node_id in graph.nodes:
        nodes.setdefault(node_id, NodeReport())
    problems.extend(_check_sense(graph, alive))
    order = tuple(node_id for node_id in ordered if node_id in alive)
    return Report(nodes, tuple(problems), used, order)


def _check_missing(node_id: str, title: str, layer: Missing) -> Problem:
    """A layer of which the name or a setting in the file is impossible."""
    needed, got = layer.needed or "a layer that this version has", layer.got or layer.name
    fix = "Mend the setting, or replace the node." if layer.needed else "Replace the node."
    return Problem("error", f"{title}: {layer.reason}. {fix}", node_id, None, needed, got, fix)


def _port_words(layer: Layer, port: str) -> str:
    return "" if len(layer.input_ports) == 1 else f" {port}"


def _leading_to(graph: Graph, outputs: list[str]) -> set[str]:
    sources: dict[str, list[str]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    alive, waiting = set(outputs), list(outputs)
    while waiting:
        for source in sources.get(waiting.pop(), ()):
            if source not in alive:
                alive.add(source)
                waiting.append(source)
    return alive


def _check_cycle(graph: Graph) -> list[Problem]:
    cycle = graph.cycle()
    if not cycle:
        return []
    titles = " → ".join(graph.nodes[node_id].title for node_id in [*cycle, cycle[0]])
    fix = "Remove one of these wires."
    message = f"These layers wait for each other in a circle: {titles}. {fix}"
    return [Problem("error", message, node_id, None, "wires without a circle", titles, fix) for node_id in cycle]


def _check_ends(graph: Graph, outputs: list[str]) -> list[Problem]:
    problems = []
    inputs = [node_id for node_id, node in graph.nodes.items() if not node.layer.input_ports]
    if not inputs:
        problems.append(_of_project("There is no Input.", "an Input", "none", "Drag one from the palette."))
    if not outputs:
        problems.append(_of_project("There is no Output.", "an Output", "none", "Drag one from the palette."))
    for kind, found in (("Input", inputs), ("Output", outputs)):
        for node_id in found[1:]:
            first = graph.nodes[found[0]].title
            message = f"{graph.nodes[node_id].title} is a second {kind}, but one is used: {first} is there. Delete one."
            problems.append(
                Problem("error", message, node_id, None, f"one {kind}", f"{len(found)}", f"Delete one {kind}.")
            )
    return problems


def _check_input(
    graph: Graph, node_id: str, layer: Layer, input_type: TensorType | None
) -> tuple[NodeReport, list[Problem]]:
    pinned: tuple[int, ...] | None = getattr(layer, "shape", None)
    title = graph.nodes[node_id].title
    if input_type is None:
        if pinned is None:
            return NodeReport(), []  # the missing data is a problem of the project, said once
        return NodeReport((), TensorType(pinned)), []
    report = NodeReport((), input_type, 0, layer.summary(input_type.shape))
    if pinned is not None and pinned != input_type.shape:
        complaint = Complaint(
            f"rows of shape {TensorType(pinned).text}",
            f"{input_type.text} from the data",
            "Clear its shape, so that it follows the data.",
        )
        return report, [Problem.at(node_id, title, complaint)]
    return report, []


def _check_layer(
    graph: Graph, nodes: Mapping[str, NodeReport], node_id: str, types: tuple[TensorType, ...]
) -> tuple[NodeReport, list[Problem]]:
    title, layer = graph.nodes[node_id].title, graph.nodes[node_id].layer
    problems = []
    for complaint in layer.check(*types):
        complaint = _with_history(graph, nodes, node_id, _with_branches(graph, node_id, types, complaint))
        problems.append(Problem.at(node_id, title, complaint))
    if errors(problems):
        return NodeReport(types), problems
    output, parameters, refused = _evaluate(layer, types)
    if refused:
        shapes = " and ".join(kind.text for kind in types)
        complaint = Complaint("inputs that it can compute with", shapes, "Change its settings or the wire into it.")
        if "overflow" in refused:
            complaint = Complaint(
                "sizes that a computer can hold", f"{shapes}, of which it makes far more", "Make it smaller."
            )
        problems.append(Problem.at(node_id, title, complaint, details=refused))
        return NodeReport(types), problems
    summary = layer.summary(*(kind.shape for kind in types))
    return NodeReport(types, output if layer.output_ports else types[0], parameters, summary), problems


def _with_branches(graph: Graph, node_id: str, types: tuple[TensorType, ...], complaint: Complaint) -> Complaint:
    """The same complaint, in which "a [B, 8]" also says which node that comes from."""
    ports = graph.nodes[node_id].layer.input_ports
    if len(ports) == 1:
        return complaint
    got = complaint.got
    for port, kind in zip(ports, types, strict=True):
        edge = graph.ending_at(node_id, port.name)
        if edge is not None:
            branch = f"{port.name} {kind.text} from {graph.nodes[edge.source].title}"
            shown = re.search(rf"\b{re.escape(port.name)} {re.escape(kind.text)}(?! from)", got)
            got = got[: shown.start()] + branch + got[shown.end() :] if shown else got
    return replace(complaint, got=got)


def _with_history(graph: Graph, nodes: Mapping[str, NodeReport], node_id: str, complaint: Complaint) -> Complaint:
    """The same complaint, in which "the 1×1 input" also says by which sizes the input came to be so small."""
    sizes: list[str] = []
    axes = 0
    while len(graph.into(node_id)) == 1:
        node_id = graph.into(node_id)[0].source
        kind = nodes[node_id].output if node_id in nodes else None
        if kind is None or len(kind.shape) != (axes or len(kind.shape)):
            break
        axes = len(kind.shape)
        size = "×".join(map(str, kind.shape[1:]))
        if not sizes and f"the {size} input" not in complaint.got:
            break
        if size not in sizes[-1:]:
            sizes.append(size)
    if len(sizes) < 2:
        return complaint
    way = " → ".join(sizes[7::-1])
    return replace(complaint, got=f"{complaint.got} (sizes on the way: {way})")


@lru_cache(maxsize=20_000)
def _evaluate(layer: Layer, types: tuple[TensorType, ...]) -> tuple[TensorType | None, int, str]:
    """(output type, parameters, torch's refusal) of a layer on inputs of these types; nothing is allocated."""
    shapes = tuple(kind.shape for kind in types)
    try:
        with torch.device("meta"), torch.no_grad():
            module = layer.build(*shapes)
            parameters = 0 if module is None else sum(p.numel() for p in module.parameters())
            stated = layer.output_type(*types)
            if stated is not None:
                return stated, parameters, ""
            tensors = [torch.empty((2, *kind.shape), dtype=getattr(torch, kind.dtype)) for kind in types]
            if module is not None:
                module.eval()
            output = layer.apply(module, *tensors)
    except Exception as error:  # torch refuses with many classes; whatever it is, it is said at the node
        return None, 0, str(error).strip().split("\n")[0] or type(error).__name__
    if any(size == 0 for size in output.shape):
        return None, parameters, f"the output would be empty: {list(output.shape[1:])}"
    if output.dim() == 0 or output.shape[0] != 2:
        return None, parameters, f"the output {list(output.shape)} does not keep the rows of the batch apart"
    return TensorType(tuple(output.shape[1:]), str(output.dtype).removeprefix("torch.")), parameters, ""


def _check_loss(graph: Graph, report: Report, data: Data) -> list[Problem]:
    problems: list[Problem] = []
    for node_id in report.order:
        node = graph.nodes[node_id]
        loss = getattr(node.layer, "loss", None)
        kind = report.nodes[node_id].output
        if loss is None or kind is None:
            continue
        problems.extend(Problem.at(node_id, node.title, complaint) for complaint in loss.check(kind, data))
    return problems


# The last layer would do a second time what the loss does by itself.
_INSIDE_THE_LOSS = {("Softmax", "CrossEntropyLoss"): "softmax", ("Sigmoid", "BCEWithLogitsLoss"): "the sigmoid"}


def _check_sense(graph: Graph, alive: set[str]) -> list[Problem]:
    """Drawings that compute something, though hardly what was meant."""
    problems: list[Problem] = []
    for edge in graph.edges:
        if edge.target not in alive:
            continue
        source, target = graph.nodes[edge.source], graph.nodes[edge.target]
        loss = getattr(target.layer, "loss", None)
        twice = _INSIDE_THE_LOSS.get((type(source.layer).__name__, type(loss).__name__))
        if twice:
            message = (
                f"{source.title}: {type(loss).__name__} already applies {twice}, so here it is applied twice and the "
                f"network learns slowly. Delete {source.title}."
            )
            problems.append(
                Problem("warning", message, edge.source, None, "raw scores", twice, f"Delete {source.title}.")
            )
        names = (type(source.layer).__name__, type(target.layer).__name__)
        if names == ("Linear", "Linear") and len(graph.out_of(edge.source)) == 1:
            message = (
                f"{source.title} and {target.title} collapse into one Linear layer: W' = W2 W1, b' = W2 b1 + b2. "
                "Put an activation between them."
            )
            problems.append(
                Problem("note", message, edge.target, fix="Insert an activation, such as ReLU, on the wire.")
            )
    return problems


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
    for node_id in report.order:
        node, found = project.graph.nodes[node_id], report.nodes[node_id]
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
            problems.append(Problem.at(node_id, node.title, complaint))
    return problems


# -- compiling ---------------------------------------------------------------------------------------------------------


def compile_network(graph: Graph, input_type: TensorType) -> Network:
    """The network of a drawing for inputs of this type.

    The initial weights are drawn from torch's random state in topological order, ties in the order in which the nodes
    were made: after `torch.manual_seed` they are those of a script that makes the layers one after the other.

    Raises:
        GraphError: the drawing has errors.
    """
    report = check_graph(graph, input_type)
    if report.errors:
        raise GraphError(report.errors)
    shapes = {
        node_id: tuple(kind.shape for kind in report.nodes[node_id].inputs if kind is not None)
        for node_id in report.order
    }
    return Network(graph, report.order, shapes)
