"""From a Program to a drawing: modules become blocks in blocks, and keep their names and weights.

A module that is called twice becomes two nodes of which the second shares the weights of the first; one tensor in two
modules becomes a tie; equal blocks that follow each other become one that is repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from nnstudio.core.blocks import DEEPEST, MOST_REPEATS, Block, depth
from nnstudio.core.graph import Edge, Graph, Node, Titles, clean_title, default_title, module_names
from nnstudio.core.kinds import Layer
from nnstudio.core.layout import arrange
from nnstudio.engine.importing.parts import Part, alive, hierarchy, holds_weights
from nnstudio.engine.importing.program import End, ImportRefused, Program, Step
from nnstudio.library.layers.block_input import BlockInput
from nnstudio.library.layers.block_output import BlockOutput
from nnstudio.library.layers.input import Input
from nnstudio.library.layers.output import Output
from nnstudio.library.losses.mse import MSELoss


@dataclass(frozen=True)
class Held:
    """One array of the state. `tensor` is the original's name for it, the same for one tensor in two modules."""

    array: np.ndarray
    original: str
    tensor: str
    learned: bool


State = dict[str, Held]


@dataclass(frozen=True)
class Assembled:
    """A drawing with the arrays of its state, and the original's name of each, both by the names in the drawing."""

    graph: Graph
    weights: dict[str, np.ndarray]
    originals: dict[str, str]


@dataclass(frozen=True)
class _Drawn:
    """A part as a node: what it is, its values from outside and to the outside in the order of its ports."""

    block: Block
    entries: tuple[int, ...]
    exits: tuple[int, ...]
    state: State
    used: Counter[int]  # within it


@dataclass(frozen=True)
class _Port:
    """An end of a level: a node whose one value is known outside by a number."""

    layer: Layer
    title: str
    value: int


@dataclass
class _Level:
    """A drawing in the making."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    produced: dict[int, tuple[str, str]] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)  # by node id; names begin behind the name of the node

    def add(self, layer: Layer, title: str, inputs: Iterable[int | None], outputs: Iterable[int]) -> str:
        node_id = f"n{len(self.nodes) + 1}"
        self.nodes.append(Node(node_id, title, layer))
        for port, value in zip(layer.input_ports, inputs, strict=True):
            if value is not None:
                self.edges.append(Edge(*self.produced[value], node_id, port.name))
        for port, value in zip(layer.output_ports, outputs, strict=True):
            self.produced[value] = (node_id, port.name)
        return node_id

    def mark(self, node_id: str, **marks: object) -> None:
        place = int(node_id[1:]) - 1
        self.nodes[place] = replace(self.nodes[place], **marks)  # type: ignore[arg-type]

    def graph(self) -> Graph:
        return Graph({node.id: node for node in self.nodes}, tuple(sorted(self.edges)), len(self.nodes))


def assemble(program: Program) -> Assembled:
    """The drawing of a program.

    Raises:
        ImportRefused: it cannot be drawn.
    """
    steps = alive(program)
    graph, state = _Assembly(program, steps).whole()
    if depth(graph) > DEEPEST:
        raise ImportRefused(f"its modules lie in each other {depth(graph)} deep; a drawing holds {DEEPEST}.")
    graph = laid_out(graph)
    weights = {name: held.array for name, held in state.items()}
    return Assembled(graph, weights, {name: held.original for name, held in state.items()})


def laid_out(graph: Graph) -> Graph:
    """The graph with every level of it in columns."""
    done: dict[Graph, Graph] = {}

    def level(found: Graph) -> Graph:
        if found not in done:
            nodes = {
                node_id: replace(node, layer=node.layer.with_(graph=level(node.layer.graph)))
                if isinstance(node.layer, Block)
                else node
                for node_id, node in found.nodes.items()
            }
            drawn = replace(found, nodes=nodes)
            done[found] = drawn.move(arrange(drawn))
        return done[found]

    return level(graph)


class _Assembly:
    """The work on one program."""

    def __init__(self, program: Program, steps: Sequence[Step]) -> None:
        self.program = program
        self.root = hierarchy(steps)
        self.uses: Counter[int] = Counter(value for step in steps for value in step.inputs if value is not None)
        self.uses.update(end.value for end in program.outputs)
        self.forced: dict[int, list[int]] = {}  # by part: the places among its values that must be exits
        self.drawn: dict[int, _Drawn] = {}

    def whole(self) -> tuple[Graph, State]:
        titles = Titles(_names_of_weights(self.root))
        entries = [
            _Port(_input(end), titles.take(_title(end.name) or "input"), end.value) for end in self.program.inputs
        ]
        exits = [
            _Port(_output(end), titles.take(_title(end.name) or "output"), end.value) for end in self.program.outputs
        ]
        return self.level(self.root, entries, exits, inside=False)

    # -- one level -------------------------------------------------------------------------------------------------

    def level(self, part: Part, entries: list[_Port], exits: list[_Port], inside: bool) -> tuple[Graph, State]:
        self._agree_on_exits(part)
        level = _Level()
        for port in entries:
            level.add(port.layer, port.title, (), (port.value,))
        runs = list(self._runs(part.items))
        titles = self._titles(runs, [port.title for port in (*entries, *exits)], inside)
        owners: dict[str, str] = {}  # the first node of each module that has weights
        for run, title in zip(runs, titles, strict=True):
            item = run[0]
            if isinstance(item, Step):
                node_id = level.add(item.layer, title, item.inputs, item.outputs)
                state = _state(item)
                if item.frozen:
                    level.mark(node_id, frozen=True)
            else:
                drawn = self._block(item)
                block, last = drawn.block, self._block(run[-1]) if isinstance(run[-1], Part) else drawn
                if len(run) > 1:
                    block = block.with_(repeat=len(run), shared=True)
                node_id = level.add(block, title, drawn.entries, last.exits)
                state = drawn.state
            owner = owners.get(item.module) if item.module and state else None
            if owner is not None and level.nodes[int(owner[1:]) - 1].layer == level.nodes[-1].layer:
                level.mark(node_id, shares=owner)
                continue
            if item.module and state:
                owners.setdefault(item.module, node_id)
            level.states[node_id] = state
        for port in exits:
            level.add(port.layer, port.title, (port.value,), ())
        _tie(level)
        graph = level.graph()
        names = module_names(graph, inside)
        state = {
            f"{names[node_id]}{name}": held for node_id, found in level.states.items() for name, held in found.items()
        }
        return graph, state

    def _titles(self, runs: list[list[Step | Part]], taken: list[str], inside: bool) -> list[str]:
        """A title for each node. What holds weights is served first: its title is in the names of the weights."""
        titles = Titles(taken)
        found = [""] * len(runs)
        for weighty in (True, False):
            for place, run in enumerate(runs):
                item = run[0]
                if holds_weights(item) == weighty:
                    wish = _title(item.name)
                    if not wish or (wish.isdigit() and not inside):
                        wish = default_title(item.layer) if isinstance(item, Step) else _title(item.kind.lower())
                    found[place] = titles.take(wish or "block")
        return found

    def _runs(self, items: Sequence[Step | Part]) -> Iterable[list[Step | Part]]:
        """The items; calls of one module that feed each other go together."""
        run: list[Step | Part] = []
        for item in items:
            if run and self._repeats(run[-1], item, len(run)):
                run.append(item)
            else:
                if run:
                    yield run
                run = [item]
        if run:
            yield run

    def _repeats(self, before: Step | Part, item: Step | Part, so_far: int) -> bool:
        if not (isinstance(before, Part) and isinstance(item, Part)) or so_far >= MOST_REPEATS:
            return False
        if not item.module or before.module != item.module:
            return False
        first, second = self._block(before), self._block(item)
        return bool(first.state) and first.block == second.block and self._follows(first, second)

    # -- blocks ----------------------------------------------------------------------------------------------------

    def _block(self, part: Part) -> _Drawn:
        if id(part) not in self.drawn:
            self._agree_on_exits(part)
            self.drawn[id(part)] = self._repeated(part) or self._single(part)
        return self.drawn[id(part)]

    def _single(self, part: Part) -> _Drawn:
        entries = self._entries(part)
        exits = self._exits(part)
        titles = Titles(_names_of_weights(part))
        outputs = ["output"] if len(exits) == 1 else [f"output_{number}" for number in range(1, len(exits) + 1)]
        graph, state = self.level(
            part,
            [_Port(BlockInput(optional=False), titles.take(_title(name) or "input"), value) for name, value in entries],
            [_Port(BlockOutput(), titles.take(name), value) for name, value in zip(outputs, exits, strict=True)],
            inside=True,
        )
        block = Block(name=_class_name(part.kind), graph=graph)  # type: ignore[call-arg]
        return _Drawn(block, tuple(value for _, value in entries), tuple(exits), _dotted(state), part.used())

    def _repeated(self, part: Part) -> _Drawn | None:
        """A list of equal blocks of which each feeds the next, as one block; None where it is none."""
        parts = [item for item in part.items if isinstance(item, Part)]
        if not 2 <= len(parts) <= MOST_REPEATS or len(parts) < len(part.items):
            return None
        if [item.name for item in parts] != list(map(str, range(len(parts)))):
            return None
        if len({item.module for item in parts}) < len(parts) or len({item.kind for item in parts}) > 1:
            return None
        drawn = [self._block(item) for item in parts]
        first = drawn[0]
        if first.block.repeat > 1 or any(one.block != first.block for one in drawn):
            return None
        if not all(self._follows(one, other) for one, other in pairwise(drawn)):
            return None
        tensors = [{held.tensor for held in one.state.values()} for one in drawn]
        if sum(map(len, tensors)) > len(set().union(*tensors)):
            return None
        state = {f".{number}{name}": held for number, one in enumerate(drawn) for name, held in one.state.items()}
        return _Drawn(first.block.with_(repeat=len(drawn)), first.entries, drawn[-1].exits, state, part.used())

    def _follows(self, first: _Drawn, second: _Drawn) -> bool:
        """Whether the outputs of one are the first inputs of the other and nothing else, and the rest is the same."""
        count = len(first.exits)
        if len(first.entries) != len(second.entries) or not 0 < count <= len(second.entries):
            return False
        if second.entries[:count] != first.exits or second.entries[count:] != first.entries[count:]:
            return False
        return all(second.used[value] == self.uses[value] for value in first.exits)

    def _entries(self, part: Part) -> list[tuple[str, int]]:
        """The values from outside: first those that it was called with, then the others."""
        made = set(part.made())
        outside = [value for value in part.used() if value not in made]
        found: dict[int, str] = {}
        for name, value in part.arguments:
            if value in outside:
                found.setdefault(value, name)
        for value in outside:
            found.setdefault(value, "")
        return [(name, value) for value, name in found.items()]

    def _exits(self, part: Part) -> list[int]:
        """The values that are used outside."""
        made = part.made()
        if id(part) in self.forced:
            return [made[place] for place in self.forced[id(part)]]
        used = part.used()
        return [value for value in made if self.uses[value] > used[value]]

    def _agree_on_exits(self, part: Part) -> None:
        """Calls of one module give out the same values, whether all are used or not: only then can they share it."""
        calls: dict[str, list[Part]] = {}
        for item in part.items:
            if isinstance(item, Part) and item.module and item.holds_weights():
                calls.setdefault(item.module, []).append(item)
        for parts in calls.values():
            made = [one.made() for one in parts]
            if len(parts) < 2 or len(set(map(len, made))) > 1:
                continue
            used = [one.used() for one in parts]
            places = [
                place
                for place in range(len(made[0]))
                if any(self.uses[values[place]] > use[values[place]] for values, use in zip(made, used, strict=True))
            ]
            for one in parts:
                self.forced[id(one)] = places


def _state(step: Step) -> State:
    """The state of a step; names begin with a dot, or are empty where it is a parameter itself."""
    found = {}
    for name, array in step.weights.items():
        original = f"{step.module}.{name}" if name and step.module else step.module or name
        tensor = step.parameters.get(name, original)
        found[f".{name}" if name else ""] = Held(array, original, tensor, name in step.parameters)
    return found


def _dotted(state: State) -> State:
    return {f".{name}": held for name, held in state.items()}


def _tie(level: _Level) -> None:
    """Tie parameters of different nodes that are one tensor in the original."""
    first: dict[str, tuple[str, str]] = {}
    for node_id, state in level.states.items():
        ties = []
        own: set[str] = set()
        for name, held in state.items():
            parameter = name[1:] or "value"
            owner = first.get(held.tensor)
            if owner is None or (owner[0] == node_id and held.tensor in own):
                first.setdefault(held.tensor, (node_id, parameter))
                own.add(held.tensor)
            elif not held.learned:
                raise ImportRefused(
                    f"{held.original} is used in two places that cannot share it: a drawing cannot keep one running "
                    "statistic in two blocks."
                )
            else:
                ties.append((parameter, *owner))
        if ties:
            level.mark(node_id, ties=tuple(ties))


def _names_of_weights(part: Part) -> list[str]:
    """The titles that are in the names of weights: no end of the level may take one of them."""
    return [_title(item.name) for item in part.items if holds_weights(item)]


def _title(name: str) -> str:
    return clean_title(name.replace(".", "_"))


def _class_name(kind: str) -> str:
    return clean_title(kind) or "Block"


def _output(end: End) -> Output:
    """An Output, with the loss that fits what arrives there."""
    classes = len(end.type.shape) == 1 and end.type.shape[0] > 1
    return Output() if classes else Output(loss=MSELoss())  # type: ignore[call-arg]


def _input(end: End) -> Input:
    return Input(shape=end.type.shape, dtype=end.type.dtype)  # type: ignore[call-arg]
