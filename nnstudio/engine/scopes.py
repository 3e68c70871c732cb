"""Checking one level of a drawing: the outermost one, or that in a block.

Every level is checked by itself and kept by its value, so that after an edit only what was edited is looked at again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from nnstudio.core.blocks import Block, boundary
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph, Node, module_names
from nnstudio.core.kinds import Layer, Missing, Shape
from nnstudio.core.problems import Complaint, Problem, errors
from nnstudio.engine.evaluate import Types, evaluate
from nnstudio.engine.report import NodeReport


@dataclass(frozen=True)
class Level:
    """What is known of one level and of all below it. Paths begin at this level.

    Attributes:
        exits: the types at the exits of a block, in the order of its output ports.
        shapes: the shapes of all parameters by their names in the state_dict.
        made: tells levels apart that cannot share their weights.
    """

    nodes: Mapping[str, NodeReport] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parameters: int = 0
    trainable: int = 0
    exits: Types = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    made: str = ""


def check_level(graph: Graph, given: Mapping[str, TensorType | None], inside: bool, numbered: bool = False) -> Level:
    """One level and all below. `given` holds what comes into each Input, or entry of a block, that is known."""
    return _Checking(graph, given, inside).level()


@lru_cache(maxsize=4_000)
def check_block(graph: Graph, types: Types) -> Level:
    """The drawing in a block, for what comes to its input ports; None where an optional one has no wire."""
    entries = boundary(graph, "entry")
    return check_level(graph, {node.id: kind for node, kind in zip(entries, types, strict=True)}, inside=True)


class _Checking:
    """The work on one level, node by node in the order of computation."""

    def __init__(self, graph: Graph, given: Mapping[str, TensorType | None], inside: bool) -> None:
        self.graph, self.given, self.inside = graph, given, inside
        self.nodes: dict[str, NodeReport] = {}
        self.problems: list[Problem] = []
        self.orders: dict[str, tuple[str, ...]] = {}
        self.absent: set[str] = set()  # optional entries without a wire
        self.shapes: dict[str, Mapping[str, Shape]] = {}  # of the parameters of each node
        self.made: dict[str, str] = {}
        self.trained: dict[str, int] = {}
        self.feeding = {(edge.target, edge.target_port): edge for edge in graph.edges}
        self.names = module_names(graph, inside)

    def level(self) -> Level:
        graph = self.graph
        ordered, _ = graph.order()
        self.problems.extend(_check_cycle(graph))
        ends = [i for i, node in graph.nodes.items() if node.layer.role in ("output", "exit")]
        alive = _leading_to(graph, ends)
        for node_id in ordered:
            node = graph.nodes[node_id]
            found = self._check_node(node, node_id in alive)
            if node_id in alive:
                self.problems.extend(found)
            else:  # what is left out keeps nothing from training
                self.problems.extend(replace(p, severity="warning") for p in found if p.severity != "note")
                if node.layer.role == "layer" or not self.inside:
                    fix = "Wire it on towards the Output, or delete it."
                    words = f"{node.title} leads to no Output, so it is left out. {fix}"
                    self.problems.append(Problem("warning", words, node_id, fix=fix))
        for node_id in ordered:  # a tie may lead to a node that comes later
            if node_id in alive:
                self.problems.extend(self._check_ties(graph.nodes[node_id], alive))
        for node_id in graph.nodes:
            self.nodes.setdefault(node_id, NodeReport())
        self.problems.extend(_check_sense(graph, alive))
        self.orders[""] = tuple(node_id for node_id in ordered if node_id in alive)
        exits = tuple(self.nodes[node.id].output for node in boundary(graph, "exit"))
        shapes, trainable = self._counted(alive)
        return Level(
            self.nodes,
            tuple(self.problems),
            self.orders,
            sum(math.prod(shape) for shape in shapes.values()),
            trainable,
            exits,
            shapes,
            "; ".join(f"{self.names[i]}: {self.made[i]}" for i in self.orders[""] if self.made.get(i)),
        )

    def _counted(self, alive: set[str]) -> tuple[dict[str, Shape], int]:
        """The parameters of this level, each counted once, and how many numbers of them are not frozen."""
        shapes: dict[str, Shape] = {}
        trainable = 0
        seen: set[str] = set()
        for node_id in self.orders[""]:
            node = self.graph.nodes[node_id]
            owner = node.shares or node_id
            if owner in seen or node.bypassed or node_id not in self.shapes:
                continue
            seen.add(owner)
            tied = {parameter for parameter, _, _ in self.graph.nodes[owner].ties}
            own = {name: shape for name, shape in self.shapes[node_id].items() if name not in tied}
            lost = sum(math.prod(self.shapes[node_id].get(name, (0,))) for name in tied)
            shapes |= {self._full_name(owner, name): shape for name, shape in own.items()}
            if not self.graph.nodes[owner].frozen:
                trainable += max(0, self.trained[node_id] - lost)
        return shapes, trainable

    def _full_name(self, node_id: str, parameter: str) -> str:
        return self.names[node_id] if parameter == "value" else f"{self.names[node_id]}.{parameter}"

    # -- one node --------------------------------------------------------------------------------------------------

    def _check_node(self, node: Node, alive: bool) -> list[Problem]:
        layer = node.layer
        misplaced = self._check_place(node)
        if misplaced:
            return misplaced
        if layer.role in ("input", "entry"):
            return self._check_input(node)
        types, known, problems = self._arriving(node, alive)
        if isinstance(layer, Missing):
            self.nodes[node.id] = NodeReport(types)
            return [*problems, _check_missing(node.id, node.title, layer)]
        if not known:
            self.nodes[node.id] = NodeReport(types)
            return problems
        if layer.role in ("output", "exit"):
            self.nodes[node.id] = NodeReport(types, types[:1], 0, layer.summary(*_shapes(types)))
            return problems
        if node.bypassed:
            return [*problems, *self._check_bypassed(node, types)]
        if isinstance(layer, Block):
            problems += self._check_block(node, layer, types)
        else:
            problems += self._check_layer(node, types)
        problems += self._check_shared(node)
        problems += self._check_initial(node)
        return problems

    def _check_place(self, node: Node) -> list[Problem]:
        role = node.layer.role
        if self.inside and role in ("input", "output"):
            needed, fix = "to be outside of all blocks", f"Use a Block {role} here, or move it out."
        elif not self.inside and role in ("entry", "exit"):
            kind = "Input" if role == "entry" else "Output"
            needed, fix = "to be in a block", f"Use an {kind} here."
        else:
            return []
        got = "a place in one" if self.inside else "a place outside"
        return [Problem.at(node.id, node.title, Complaint(needed, got, fix))]

    def _check_input(self, node: Node) -> list[Problem]:
        kind = self.given.get(node.id)
        if kind is None:
            if self.inside and getattr(node.layer, "optional", False):
                self.absent.add(node.id)
            self.nodes[node.id] = NodeReport()
            return []
        self.nodes[node.id] = NodeReport((), (kind,), 0, node.layer.summary(kind.shape))
        pinned = getattr(node.layer, "shape", None)
        if self.inside or pinned is None or pinned == kind.shape:
            return []
        complaint = Complaint(
            f"rows of shape {TensorType(pinned).text}",
            f"{kind.text} from the data",
            "Clear its shape, so that it follows the data.",
        )
        return [Problem.at(node.id, node.title, complaint)]

    def _arriving(self, node: Node, alive: bool) -> tuple[Types, bool, list[Problem]]:
        """The type at each input port, whether all that must be are known, and the ports without a wire."""
        types: list[TensorType | None] = []
        known, problems = True, []
        for port in node.layer.input_ports:
            edge = self.feeding.get((node.id, port.name))
            if edge is None or edge.source in self.absent:
                types.append(None)
                if port.optional:
                    continue
                known = False
                if alive:
                    which = "" if len(node.layer.input_ports) == 1 else f" {port.words}"
                    fix = "Draw a wire to it."
                    words = f"{node.title} gets nothing at its input{which}. {fix}"
                    problems.append(Problem("error", words, node.id, port.name, "a wire", "nothing", fix))
                continue
            kind = self._value(edge.source, edge.source_port)
            known = known and kind is not None
            types.append(kind)
        return tuple(types), known, problems

    def _value(self, node_id: str, port: str) -> TensorType | None:
        """The type of what leaves a port."""
        outputs = self.nodes[node_id].outputs if node_id in self.nodes else ()
        ports = [item.name for item in self.graph.nodes[node_id].layer.output_ports]
        place = ports.index(port)
        return outputs[place] if place < len(outputs) else None

    def _check_bypassed(self, node: Node, types: Types) -> list[Problem]:
        if len(node.layer.output_ports) != 1 or not types:
            complaint = Complaint("one output and an input to be bypassed", "other ports", "Switch the bypass off.")
            self.nodes[node.id] = NodeReport(types)
            return [Problem.at(node.id, node.title, complaint)]
        self.nodes[node.id] = NodeReport(types, types[:1], 0, "bypassed")
        return []

    def _check_layer(self, node: Node, types: Types) -> list[Problem]:
        layer, problems = node.layer, []
        complaints = [*_needs_batch_first(layer, types)]
        if not complaints:
            complaints = [*layer.check(*types)]  # type: ignore[arg-type]
        for complaint in complaints:
            complaint = self._with_history(node, self._with_branches(node, types, complaint))
            problems.append(Problem.at(node.id, node.title, complaint))
        self.nodes[node.id] = NodeReport(types)
        if errors(problems):
            return problems
        found = evaluate(layer, types)
        if found.refused:
            problems.append(Problem.at(node.id, node.title, _refusal(found.refused, types), details=found.refused))
            return problems
        parameters = sum(math.prod(shape) for shape in found.parameters.values())
        summary = layer.summary(*_shapes(types))
        self.nodes[node.id] = NodeReport(types, found.outputs, parameters, summary)
        self.shapes[node.id], self.made[node.id] = found.parameters, found.made
        self.trained[node.id] = parameters
        return problems

    def _check_block(self, node: Node, block: Block, types: Types) -> list[Problem]:
        inner = check_block(block.graph, types)
        exits = boundary(block.graph, "exit")
        self.nodes |= {f"{node.id}/{path}": report for path, report in inner.nodes.items()}
        self.orders |= {f"{node.id}/{path}": order for path, order in inner.orders.items()}
        problems = [
            replace(p, node=f"{node.id}/{p.node}" if p.node else node.id, message=f"{node.title} / {p.message}")
            for p in inner.problems
        ]
        if not exits:
            fix = "Enter it and wire something to a Block output."
            complaint = Complaint("an output", "none", fix)
            problems.append(Problem.at(node.id, node.title, complaint))
        times = block.repeat if not block.shared else 1
        if block.repeat > 1:
            problems += _check_repeat(node, types, inner)
        self.nodes[node.id] = NodeReport(types, inner.exits, times * inner.parameters, block.summary(*_shapes(types)))
        before = [f"{number}." for number in range(block.repeat)] if block.repeat > 1 and not block.shared else [""]
        self.shapes[node.id] = {p + name: shape for p in before for name, shape in inner.shapes.items()}
        self.made[node.id] = f"{block.repeat} {block.shared} {inner.made}"
        self.trained[node.id] = times * inner.trainable
        return problems

    def _check_shared(self, node: Node) -> list[Problem]:
        owner = self.graph.nodes.get(node.shares)
        if owner is None or not self.made.get(node.id) or not self.made.get(owner.id):
            return []
        if self.made[node.id] == self.made[owner.id]:
            return []
        complaint = Complaint(
            f"inputs as {owner.title} has them, whose weights it uses",
            f"{_text(self.nodes[node.id].inputs)} instead of {_text(self.nodes[owner.id].inputs)}",
            "Make them alike, or let it have its own weights.",
        )
        return [Problem.at(node.id, node.title, complaint)]

    def _check_ties(self, node: Node, alive: set[str]) -> list[Problem]:
        problems = []
        for parameter, other, its in node.ties:
            if node.id not in self.shapes:
                continue
            owner, mine = self.graph.nodes[other], self.shapes[node.id].get(parameter)
            if node.shares:
                holder = self.graph.nodes[node.shares].title
                got = f"that of {holder}, whose weights it shares"
                complaint = Complaint(f"a {parameter} of its own to be tied", got, f"Tie that of {holder}.")
            elif self.graph.held_by(node.id, parameter) is None:
                got = f"{owner.title}, which is tied to it"
                complaint = Complaint(f"{parameter} tied to a parameter that is not tied back", got, "Undo one tie.")
            elif mine is None:
                got = ", ".join(self.shapes[node.id]) or "no parameters"
                complaint = Complaint(f"a parameter {parameter}, which is to be tied", got, "Undo the tie.")
            elif other not in alive or owner.bypassed:
                words = f"one in {owner.title}, which is left out"
                complaint = Complaint(f"{parameter} tied to a parameter of the network", words, "Undo the tie.")
            elif other not in self.shapes:
                continue  # it has a problem of its own
            elif self.shapes[other].get(its) != mine:
                found = self.shapes[other].get(its)
                words = f"{list(found)} in {owner.title}" if found else f"no {its} in {owner.title}"
                complaint = Complaint(f"{parameter} tied to a parameter of shape {list(mine)}", words, "Undo the tie.")
            else:
                continue
            problems.append(Problem.at(node.id, node.title, complaint))
        return problems

    def _check_initial(self, node: Node) -> list[Problem]:
        problems = []
        for parameter, initializer in node.initial:
            if node.id not in self.shapes:
                continue
            shape = self.shapes[node.id].get(parameter)
            if shape is None:
                got = ", ".join(self.shapes[node.id]) or "no parameters"
                fix = "Take the initialisation away."
                complaint = Complaint(f"a parameter {parameter}, which is to be initialised", got, fix)
                problems.append(Problem.at(node.id, node.title, complaint))
                continue
            for complaint in initializer.check(shape):
                located = replace(
                    complaint, needed=f"{complaint.needed} for {type(initializer).__name__} of {parameter}"
                )
                problems.append(Problem.at(node.id, node.title, located))
        return problems

    # -- more words ------------------------------------------------------------------------------------------------

    def _with_branches(self, node: Node, types: Types, complaint: Complaint) -> Complaint:
        """The same complaint, in which "a [B, 8]" also says which node that comes from."""
        ports = node.layer.input_ports
        if len(ports) == 1:
            return complaint
        got = complaint.got
        for port, kind in zip(ports, types, strict=True):
            edge = self.feeding.get((node.id, port.name))
            if edge is not None and kind is not None:
                branch = f"{port.name} {kind.text} from {self.graph.nodes[edge.source].title}"
                shown = re.search(rf"\b{re.escape(port.name)} {re.escape(kind.text)}(?! from)", got)
                got = got[: shown.start()] + branch + got[shown.end() :] if shown else got
        return replace(complaint, got=got)

    def _with_history(self, node: Node, complaint: Complaint) -> Complaint:
        """The same complaint, in which "the 1×1 input" also says by which sizes the input came to be so small."""
        sizes: list[str] = []
        axes, node_id = 0, node.id
        while len(self.graph.into(node_id)) == 1:
            edge = self.graph.into(node_id)[0]
            node_id = edge.source
            kind = self._value(node_id, edge.source_port)
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


def _shapes(types: Types) -> tuple[Shape, ...]:
    return tuple(kind.shape if kind is not None else None for kind in types)  # type: ignore[misc]


def _text(types: Iterable[TensorType | None]) -> str:
    return " and ".join(kind.text if kind is not None else "nothing" for kind in types)


def _refusal(refused: str, types: Types) -> Complaint:
    shapes = _text(types)
    if "overflow" in refused:
        got = f"{shapes}, of which it makes far more"
        return Complaint("sizes that a computer can hold", got, "Make it smaller.")
    return Complaint("inputs that it can compute with", shapes, "Change its settings or the wire into it.")


def _needs_batch_first(layer: Layer, types: Types) -> Iterable[Complaint]:
    if layer.anywhere:
        return
    for port, kind in zip(layer.input_ports, types, strict=True):
        if kind is None or kind.batch_first:
            continue
        where = f"{kind.text}, where it is axis {kind.axis}" if kind.rows else f"{kind.text}, which has no batch axis"
        fix = "Add a Permute before it." if kind.rows else "Add an Expand before it."
        yield Complaint("the batch as the first axis", where, fix, port=port.name)
        return


def _check_missing(node_id: str, title: str, layer: Missing) -> Problem:
    """A layer of which the name or a setting in the file is impossible."""
    needed, got = layer.needed or "a layer that this version has", layer.got or layer.name
    fix = "Mend the setting, or replace the node." if layer.needed else "Replace the node."
    return Problem("error", f"{title}: {layer.reason}. {fix}", node_id, None, needed, got, fix)


def _check_repeat(node: Node, types: Types, inner: Level) -> list[Problem]:
    """What comes out of one pass goes into the next."""
    exits, entries = inner.exits, types[: len(inner.exits)]
    if any(kind is None for kind in exits) or entries == exits:
        return []
    if len(exits) > len(types):
        needed, got = "at least as many inputs as outputs, to be repeated", f"{len(types)} and {len(exits)}"
    else:
        needed, got = "outputs like its inputs, to be repeated", f"{_text(entries)} that become {_text(exits)}"
    complaint = Complaint(needed, got, "Set repeat to 1, or make the sizes equal.")
    return [Problem.at(node.id, node.title, complaint)]


def _leading_to(graph: Graph, ends: list[str]) -> set[str]:
    alive, waiting = set(ends), list(ends)
    while waiting:
        for edge in graph.into(waiting.pop()):
            if edge.source not in alive:
                alive.add(edge.source)
                waiting.append(edge.source)
    return alive


def _check_cycle(graph: Graph) -> list[Problem]:
    cycle = graph.cycle()
    if not cycle:
        return []
    titles = " → ".join(graph.nodes[node_id].title for node_id in [*cycle, cycle[0]])
    fix = "Remove one of these wires."
    message = f"These layers wait for each other in a circle: {titles}. {fix}"
    return [Problem("error", message, node_id, None, "wires without a circle", titles, fix) for node_id in cycle]


# The last layer would do a second time what the loss does by itself.
_INSIDE_THE_LOSS = {
    ("Softmax", "CrossEntropyLoss"): "softmax",
    ("LogSoftmax", "CrossEntropyLoss"): "softmax",
    ("Sigmoid", "BCEWithLogitsLoss"): "the sigmoid",
}


def _check_sense(graph: Graph, alive: set[str]) -> list[Problem]:
    """Drawings that compute something, though hardly what was meant."""
    problems: list[Problem] = []
    for edge in graph.edges:
        if edge.target not in alive:
            continue
        source, target = graph.nodes[edge.source], graph.nodes[edge.target]
        loss = getattr(target.layer, "loss", None)
        twice = _INSIDE_THE_LOSS.get((type(source.layer).__name__, type(loss).__name__))
        if twice and not source.bypassed:
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
