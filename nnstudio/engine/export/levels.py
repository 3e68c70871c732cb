"""Levels: each drawing of a network as the parts of a class: what its modules are made by, and what its forward does.

A level is written from the same layers, in the same order, as the Network builds them: the class draws the same first
weights after the same seed, and its state_dict has the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import fx, nn

from nnstudio.core.blocks import Block, boundary
from nnstudio.core.graph import Graph, Node, module_names
from nnstudio.core.problems import Problem
from nnstudio.engine.compiler import GraphError, Report
from nnstudio.engine.export.expressions import Inexpressible, path_of
from nnstudio.engine.network import ModuleCall

# -- expressions that make modules -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A call of a class of torch, or of one that the file carries."""

    path: str
    function: Any
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    """An expression that a layer writes itself."""

    source: str


@dataclass(frozen=True)
class Made:
    """An object of a class that is written for a level."""

    level: Level


@dataclass(frozen=True)
class Repeated:
    """The same several times, each with weights of its own."""

    part: Expression
    times: int
    chained: bool  # each takes what the one before it gives, and nothing else


@dataclass(frozen=True)
class Chain:
    """Modules one after the other, named 0, 1, 2, … as in an nn.Sequential."""

    parts: tuple[tuple[Expression, str], ...]  # each with a remark


Expression = Call | Text | Made | Repeated | Chain


@dataclass
class Member:
    """An attribute of a class: a module, a parameter or a constant tensor.

    `after` are statements that follow it, with `{}` for its place; `keeps` says that its running statistics stay.
    """

    name: str
    made: Expression
    remark: str = ""
    buffer: bool = False
    after: list[str] = field(default_factory=list)
    keeps: str = ""


@dataclass
class Level:
    """One drawing: the members in the order in which they draw their weights, and the forward."""

    name: str
    about: str
    members: list[Member]
    graph: fx.Graph
    names: Mapping[str, str]
    ties: list[tuple[str, str]]
    left_out: list[str]


class Levels:
    """Takes a drawing apart, level by level."""

    def __init__(self, report: Report, top: str) -> None:
        self.report, self.top = report, top

    def level(self, drawing: Graph, path: str, name: str, about: str, given: set[str] | None = None) -> Level:
        """One level. `given` are the entries of a block that have a wire; None for the outermost drawing."""
        inside = given is not None
        names = module_names(drawing, inside)
        members: dict[str, Member] = {}
        graph = fx.Graph()
        tracer = fx.proxy.GraphAppendingTracer(graph)
        values: dict[tuple[str, str], fx.Proxy | None] = {}
        inputs = boundary(drawing, "entry" if inside else "input")
        ends: dict[str, fx.Proxy] = {}
        left_out: list[str] = []
        wired = [node.id for node in inputs if given is None or node.id in given]
        placeholders = {
            node_id: fx.Proxy(graph.placeholder("x" if len(wired) == 1 else names[node_id]), tracer)
            for node_id in wired
        }
        for node_id in self.report.orders[path]:
            node = drawing.nodes[node_id]
            layer = node.layer
            arriving = [
                None
                if (edge := drawing.ending_at(node_id, port.name)) is None
                else values[edge.source, edge.source_port]
                for port in layer.input_ports
            ]
            if layer.role in ("input", "entry"):
                made: Any = placeholders.get(node_id)
            elif layer.role in ("output", "exit") or node.bypassed:
                made = arriving[0]
                ends[node_id] = made
                if node.bypassed:
                    left_out.append(f"{node.title} ({type(layer).__name__})")
            else:
                owner = node.shares or node_id
                if owner not in members:
                    members[owner] = self._member(node, drawing.nodes[owner], names[owner], path, arriving)
                member = members[owner]
                if isinstance(layer, Block):
                    made = _called(graph, tracer, layer, member.name, arriving)
                elif member.made == Text(""):
                    made = layer.apply(None, *arriving)
                elif _is_tensor(member):
                    made = layer.apply(fx.Proxy(graph.get_attr(member.name), tracer), *arriving)
                else:
                    made = layer.apply(ModuleCall(graph, tracer, member.name), *arriving)
            outputs = made if isinstance(made, tuple) else (made,)
            ports = layer.output_ports or layer.input_ports
            values |= {(node_id, port.name): value for port, value in zip(ports, outputs, strict=False)}
            if outputs[0] is not None:
                outputs[0].node.meta.setdefault("node", node_id)
            if len(outputs) > 1:
                for port, value in zip(ports, outputs, strict=False):
                    value.node.meta.setdefault("port", "" if isinstance(layer, Block) else port.name)
        leaving = [ends[node.id].node for node in boundary(drawing, "exit" if inside else "output")]
        graph.output(leaving[0] if len(leaving) == 1 else tuple(leaving))
        found = [member for member in members.values() if member.made != Text("")]
        return Level(name, about, found, graph, names, self._ties(drawing, names, members), left_out)

    def _member(self, node: Node, owner: Node, name: str, path: str, arriving: list[Any]) -> Member:
        """The attribute that a node is the first to use, with all that is done to it once it is there."""
        layer, here = node.layer, path + node.id
        remark = "" if owner.title == name else owner.title
        if isinstance(layer, Block):
            member = Member(name, self._block(node, layer, here, arriving), remark)
            kept = _statistics(layer.graph)
        else:
            shapes = [kind.shape if kind is not None else None for kind in self.report.nodes[here].inputs]
            try:
                made, buffer = layer_expression(layer, shapes)
            except Inexpressible as error:
                message = f"{node.title} cannot be written as Python: {error}."
                raise GraphError([Problem("error", message, here)]) from error
            member = Member(name, made, remark, buffer)
            kept = "running_mean" if getattr(layer, "track_running_stats", False) else ""
        for parameter, initializer in owner.initial:
            place = "{}" if parameter == "value" else "{}" + attribute(parameter)
            function = (
                path_of(type(initializer).torch_function) or f"nn.init.{type(initializer).torch_function.__name__}"
            )
            given = "".join(f", {key}={_plain(value)}" for key, value in initializer.arguments().items())
            member.after.append(f"{function}({place}{given})")
        if owner.frozen and not member.buffer and member.made != Text(""):
            member.after.append("{}.requires_grad_(False)")
            member.keeps = kept and ("each" if isinstance(layer, Block) else "itself")
        return member

    def _block(self, node: Node, block: Block, here: str, arriving: list[Any]) -> Expression:
        entries = boundary(block.graph, "entry")
        given = {entry.id for entry, value in zip(entries, arriving, strict=True) if value is not None}
        level = self.level(block.graph, f"{here}/", block.name, block.about, given)
        chain = _as_chain(level)
        part: Expression = chain if chain is not None else Made(level)
        if block.repeat == 1 or block.shared:
            return part
        return Repeated(part, block.repeat, len(entries) == len(block.output_ports) == 1)

    def _ties(self, drawing: Graph, names: Mapping[str, str], members: Mapping[str, Member]) -> list[tuple[str, str]]:
        """Pairs of places: the first gets what is at the second."""
        found = []
        for node in drawing.nodes.values():
            for parameter, _, _ in node.ties:
                held = drawing.held_by(node.id, parameter)
                if held is not None and node.id in members and held[0] in members:
                    found.append((_place(names[node.id], parameter), _place(names[held[0]], held[1])))
        return found


def layer_expression(layer: Any, shapes: list[Any]) -> tuple[Expression, bool]:
    """What makes the layer's module, parameter or tensor, and whether that is a tensor that does not learn.

    An empty Text stands for a layer that has none of these.

    Raises:
        Inexpressible: no source can be written for it.
    """
    source = layer.source(*shapes)
    if source:
        made = layer.build(*shapes)
        return Text(source), not isinstance(made, (nn.Module, nn.Parameter))
    if layer.torch_class is None:
        if layer.build(*shapes) is not None:
            raise Inexpressible(f"the layer {type(layer).__name__} does not say how")
        return Text(""), False
    made = layer.torch_class
    path = path_of(made) or (made.__name__ if made in layer.own_source else None)
    if path is None or type(layer).build.__qualname__ != "Layer.build":
        raise Inexpressible(f"the layer {type(layer).__name__} does not say how")
    return Call(path, made, layer.arguments(*shapes)), False


def attribute(path: str) -> str:
    """The way from a module to a part of it: .conv.weight, or [0].weight into a list."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))


def _place(name: str, parameter: str) -> str:
    return attribute(name) + ("" if parameter == "value" else attribute(parameter))


def _plain(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _statistics(graph: Graph) -> str:
    """Whether a layer in a block keeps statistics of what passes."""
    for node in graph.nodes.values():
        if isinstance(node.layer, Block):
            if _statistics(node.layer.graph):
                return "running_mean"
        elif getattr(node.layer, "track_running_stats", False):
            return "running_mean"
    return ""


def _is_tensor(member: Member) -> bool:
    return member.buffer or (isinstance(member.made, Text) and member.made.source.startswith("nn.Parameter("))


def _called(graph: fx.Graph, tracer: Any, block: Block, name: str, arriving: list[Any]) -> Any:
    """The call of a block, or of its repetitions in a loop."""
    given = tuple(value for value in arriving if value is not None)
    ports = len(block.output_ports)
    proxy = tracer.create_proxy("call_module", name, given, {})
    alone = len(given) == len(arriving) == ports == 1
    if block.repeat > 1 and (block.shared or not alone):
        proxy.node.meta["loop"] = block.repeat if block.shared else 0
    if ports == 1:
        return proxy
    return tuple(proxy[number] for number in range(ports))


def _as_chain(level: Level) -> Chain | None:
    """The level as an nn.Sequential, where it is one: modules called 0, 1, 2, …, each fed by the one before."""
    if (
        not level.members
        or level.ties
        or level.left_out
        or [member.name for member in level.members] != [str(number) for number in range(len(level.members))]
    ):
        return None
    last, calls = None, []
    for node in level.graph.nodes:
        if node.op == "placeholder" and last is None:
            last = node
        elif node.op == "call_module" and node.args == (last,) and not node.kwargs and "loop" not in node.meta:
            calls.append(node.target)
            last = node
        elif node.op != "output" or node.args[0] is not last:
            return None
    if calls != [member.name for member in level.members]:
        return None
    if any(member.after or member.buffer or member.keeps for member in level.members):
        return None
    return Chain(tuple((member.made, member.remark) for member in level.members))
