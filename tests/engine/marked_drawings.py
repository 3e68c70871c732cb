"""Random drawings with blocks in blocks and every mark, and what they mean to someone who reads them level by level."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from engine.projects import layer
from engine.random_drawings import MODULES, OPERATIONS, random_drawing
from nnstudio.core.blocks import Block, boundary, graph_at, group, with_graph_at
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph, id_order
from nnstudio.core.kinds import Initializer
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import NodeReport, check_graph

# -- drawing -----------------------------------------------------------------------------------------------------------


def random_marked(seed: int) -> tuple[Graph, TensorType]:
    """A valid drawing, up to four blocks deep, in which nodes are repeated, shared, tied, frozen and left out."""
    rng = random.Random(seed)
    graph, kind = random_drawing(seed, joined=True)
    for change in [*[_group] * rng.randint(1, 4), *rng.sample(_CHANGES, rng.randint(1, len(_CHANGES)))]:
        paths = list(_levels(graph))
        for path in rng.sample(paths, len(paths)):
            inner = graph_at(graph, path)
            assert inner is not None
            changed = change(inner, check_graph(graph, kind).level(path), rng)
            candidate = with_graph_at(graph, path, changed) if changed is not None else None
            if candidate is not None and not check_graph(candidate, kind).errors:
                graph = candidate
                break
    return graph, kind


def _levels(graph: Graph, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for node_id, node in graph.nodes.items():
        if isinstance(node.layer, Block):
            yield from _levels(node.layer.graph, (*path, node_id))


def _some(graph: Graph, report: Any, rng: random.Random) -> str | None:
    found = [node_id for node_id in report.order if graph.nodes[node_id].layer.role == "layer"]
    return rng.choice(found) if found else None


def _group(graph: Graph, report: Any, rng: random.Random) -> Graph | None:
    layers = [node_id for node_id in report.order if graph.nodes[node_id].layer.role == "layer"]
    if not layers:
        return None
    start = rng.randrange(len(layers))
    chosen = layers[start : start + rng.randint(1, 5)]
    try:
        name = rng.choice(["Block", "Stage", "my step", "Part"])
        return group(graph, chosen, layer("BlockInput"), layer("BlockOutput"), name)[0]
    except ValueError:
        return None


def _repeat(graph: Graph, report: Any, rng: random.Random) -> Graph | None:
    for node_id, node in graph.nodes.items():
        found = report.nodes.get(node_id, NodeReport())
        same = found.outputs and found.inputs[: len(found.outputs)] == found.outputs
        if isinstance(node.layer, Block) and same and node.layer.repeat == 1:
            return graph.set_layer(node_id, node.layer.with_(repeat=rng.randint(2, 3), shared=rng.random() < 0.4))
    return None


def _freeze(graph: Graph, report: Any, rng: random.Random) -> Graph | None:
    node_id = _some(graph, report, rng)
    return None if node_id is None else graph.freeze([node_id])


def _bypass(graph: Graph, report: Any, rng: random.Random) -> Graph | None:
    for node_id in report.order:
        found = report.nodes.get(node_id, NodeReport())
        if graph.nodes[node_id].layer.role == "layer" and len(found.inputs) == 1 and found.inputs == found.outputs:
            return graph.bypass([node_id])
    return None


def _initialise(graph: Graph, report: Any, rng: random.Random) -> Graph | None:
    for node_id in report.order:
        if type(graph.nodes[node_id].layer).__name__ in ("Linear", "Conv1d", "Conv2d"):
            name = rng.choice(["Orthogonal", "XavierNormal", "KaimingUniform", "Normal", "Zeros", "Ones", "Uniform"])
            return graph.initialise(node_id, "weight", registered(Initializer)[name]())
    return None


def _share(graph: Graph, report: Any, rng: random.Random) -> Graph | None:
    nodes = [graph.nodes[node_id] for node_id in report.order if graph.nodes[node_id].layer.role == "layer"]
    for node in nodes:
        for other in nodes:
            alike = node.layer == other.layer and report.nodes[node.id].inputs == report.nodes[other.id].inputs
            if node.id != other.id and alike and type(node.layer).__name__ in MODULES and not other.shares:
                return graph.share(node.id, other.id)
    return None


def _tie(graph: Graph, report: Any, rng: random.Random) -> Graph | None:
    names = ("Linear", "Conv1d", "Conv2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm")
    found = [i for i in report.order if type(graph.nodes[i].layer).__name__ in names]
    for _ in range(20 if len(found) > 1 else 0):
        node_id, other = rng.sample(found, 2)
        parameter = rng.choice(["weight", "bias"])
        shapes = [report.nodes[i].outputs[0].shape for i in (node_id, other)]
        if shapes[0] == shapes[1] and graph.nodes[node_id].layer == graph.nodes[other].layer:
            return graph.tie(node_id, parameter, other, parameter)
    return None


_Change = Callable[[Graph, Any, random.Random], Graph | None]
_CHANGES: list[_Change] = [_repeat, _repeat, _freeze, _freeze, _bypass, _initialise, _share, _tie, _tie]


# -- meaning -----------------------------------------------------------------------------------------------------------


class Level(nn.Module):
    """One drawing, node by node: in each turn the node made first among those whose inputs are there."""

    def __init__(self, graph: Graph, given: list[torch.Tensor]) -> None:
        super().__init__()
        self.graph = graph
        self.parts = nn.ModuleDict()
        self.still: list[str] = []  # whose running statistics stay
        self.order = _alive_in_order(graph)
        with torch.no_grad():
            self.values(given, building=True)
        for _ in graph.nodes:  # as often as a chain of ties can be long
            for node in graph.nodes.values():
                for parameter, other, its in node.ties if node.id in self.parts else ():
                    mine, theirs = self.parts[node.id], self.parts[graph.nodes[other].shares or other]
                    setattr(mine, parameter, getattr(theirs, its))

    def values(self, given: list[torch.Tensor], building: bool = False) -> dict[tuple[str, str], torch.Tensor]:
        """What leaves each port."""
        graph = self.graph
        entries = dict(zip([node.id for node in _ends(graph, "input", "entry")], given, strict=True))
        found: dict[tuple[str, str], torch.Tensor] = {}
        for node_id in self.order:
            node = graph.nodes[node_id]
            sources = {e.target_port: (e.source, e.source_port) for e in graph.edges if e.target == node_id}
            arriving = [found[sources[port.name]] for port in node.layer.input_ports if port.name in sources]
            if node_id in entries:
                made: Any = entries[node_id]
            elif node.bypassed or node.layer.role in ("output", "exit"):
                made = arriving[0]
            else:
                made = self._made(node_id, arriving, building)
            outputs = made if isinstance(made, tuple) else (made,)
            ports = [port.name for port in node.layer.output_ports] or ["end"]
            found |= {(node_id, port): value for port, value in zip(ports, outputs, strict=True)}
        return found

    def _made(self, node_id: str, arriving: list[torch.Tensor], building: bool) -> Any:
        node = self.graph.nodes[node_id]
        owner = self.graph.nodes[node.shares or node_id]
        name = type(node.layer).__name__
        if name in OPERATIONS:
            return OPERATIONS[name](node.layer, *arriving)
        if owner.id not in self.parts:
            assert building
            self._build(owner, node.layer, arriving)
        part = self.parts[owner.id]
        if not isinstance(node.layer, Block):
            return part.eval()(*arriving) if building else part(*arriving)
        parts = [part] * node.layer.repeat if isinstance(part, Level) else list(part)  # type: ignore[arg-type]
        for one in parts:
            leaving = one.results(arriving, building)
            arriving = [*leaving, *arriving[len(leaving) :]]
        return tuple(leaving) if len(leaving) > 1 else leaving[0]

    def _build(self, owner: Any, made: Any, arriving: list[torch.Tensor]) -> None:
        if isinstance(made, Block):
            given, levels = arriving, []
            for _ in range(1 if made.shared else made.repeat):
                levels.append(Level(made.graph, given))
                leaving = levels[-1].results(given, building=True)
                given = [*leaving, *given[len(leaving) :]]
            alone = made.shared or made.repeat == 1
            self.parts[owner.id] = levels[0] if alone else nn.ModuleList(levels)
        else:
            self.parts[owner.id] = MODULES[type(made).__name__](made, [tuple(x.shape[1:]) for x in arriving])
        part = self.parts[owner.id]
        for parameter, initializer in owner.initial:
            initializer.apply(part.get_parameter(parameter))
        if owner.frozen:
            part.requires_grad_(False)
            self.still.append(owner.id)

    def results(self, given: list[torch.Tensor], building: bool = False) -> list[torch.Tensor]:
        """What leaves the level."""
        found = self.values(given, building)
        return [found[node.id, "end"] for node in _ends(self.graph, "output", "exit")]

    def train(self, mode: bool = True) -> Level:
        super().train(mode)
        for node_id in self.still:
            for module in self.parts[node_id].modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    def forward(self, *given: torch.Tensor) -> Any:
        found = self.results(list(given))
        return found[0] if len(found) == 1 else tuple(found)


def _ends(graph: Graph, outermost: Any, inside: Any) -> list[Any]:
    return boundary(graph, outermost) or boundary(graph, inside)


def _alive_in_order(graph: Graph) -> list[str]:
    alive = {node_id for node_id, node in graph.nodes.items() if node.layer.role in ("output", "exit")}
    while more := {edge.source for edge in graph.edges if edge.target in alive} - alive:
        alive |= more
    done: list[str] = []
    while len(done) < len(alive):
        waiting = {edge.target for edge in graph.edges if edge.source not in done}
        done.append(min((i for i in alive if i not in done and i not in waiting), key=id_order))
    return done
