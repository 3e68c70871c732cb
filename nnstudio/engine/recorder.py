"""Recorder: a network computed value by value, and what first made a number that is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, fx

from nnstudio.engine.causes import Cause, cause
from nnstudio.engine.network import Network


@dataclass(frozen=True)
class Finding:
    """Where something went wrong.

    Attributes:
        path: the node, as reports name it. cause: what it did.
        row: the place in the batch of the first row that is concerned; None where it is all of them, or no row.
        place: of an input or a target, the place of the first bad number in the row.
        parameter: of a weight, its name in the node.
    """

    path: str
    cause: Cause
    row: int | None = None
    place: int | None = None
    parameter: str = ""


class Recorder(fx.Interpreter):
    """Computes the network and keeps every value.

    Attributes:
        culprits: in order, what made bad numbers of good ones, and why.
    """

    def __init__(self, network: Network, rows: int) -> None:
        super().__init__(network, garbage_collect_values=False, graph=network.code_graph)
        self.rows = rows
        self.values: dict[fx.Node, Any] = {}
        self.culprits: dict[fx.Node, Finding] = {}
        self._network = network
        self._bad: set[fx.Node] = set()
        self._hidden: set[fx.Node] = set()  # infinite on purpose, as masks are
        self._owners = _owners(network.code_graph)

    def run_node(self, n: fx.Node) -> Any:
        made = super().run_node(n)
        self.values[n] = made
        if n.op == "output" or not any(is_bad(part) for part in tensors_in(made)):
            return made
        before = n.all_input_nodes
        nan = any(bool(part.isnan().any()) for part in tensors_in(made) if part.is_floating_point())
        on_purpose = not before or any(other in self._hidden for other in before) or _infinite_constant(n)
        if on_purpose and not nan:
            self._hidden.add(n)
            return made
        self._bad.add(n)
        if not any(other in self._bad for other in before):
            self.culprits[n] = self._explained(n, made)
        return made

    def hides(self, place: int) -> bool:
        """Whether an output of the network is infinite on purpose."""
        returned = next(node for node in self._network.code_graph.nodes if node.op == "output").args[0]
        node = returned[place] if isinstance(returned, tuple) else returned
        return node in self._hidden

    def finding(self) -> Finding | None:
        """The first culprit that the output depends on."""
        output = next(node for node in self._network.code_graph.nodes if node.op == "output")
        reached: set[fx.Node] = set()
        waiting = [node for node in output.all_input_nodes if node in self._bad]
        while waiting:
            node = waiting.pop()
            if node not in reached:
                reached.add(node)
                waiting += [other for other in node.all_input_nodes if other in self._bad]
        return next((self.culprits[node] for node in self.culprits if not reached or node in reached), None)

    def path_of(self, node: fx.Node) -> str:
        """The drawn node that a value belongs to."""
        return self._owners[node]

    def given(self, node: fx.Node) -> tuple[list[Tensor], list[Any]]:
        """The tensors that a value was made of; and the arguments, in order, with numbers."""
        arguments = [*node.args, *node.kwargs.values()]
        loaded = [self.values.get(a) if isinstance(a, fx.Node) else a for a in arguments]
        tensors = [part for argument in loaded for part in tensors_in(argument)]
        if node.op == "call_module":
            module = self._network.get_submodule(str(node.target))
            tensors += [parameter.detach() for parameter in module.parameters()]
        return tensors, loaded

    def name_of(self, node: fx.Node) -> str:
        """Torch's name of what a value was made with."""
        if node.op == "call_module":
            return type(self._network.get_submodule(str(node.target))).__name__
        return str(getattr(node.target, "__name__", node.target))

    def _explained(self, node: fx.Node, made: Any) -> Finding:
        bad = next(part for part in tensors_in(made) if is_bad(part))
        tensors, loaded = self.given(node)
        values = numbers_met(loaded, bad, ~bad.isfinite())
        row, every = row_of(~bad.isfinite(), self.rows)
        return Finding(self.path_of(node), cause(self.name_of(node), values, tensors, bad), None if every else row)


def _owners(graph: fx.Graph) -> dict[fx.Node, str]:
    """The drawn node of every value: its own, or that of the next one, which it is a part of."""
    owners: dict[fx.Node, str] = {}
    path = ""
    for node in reversed(graph.nodes):
        path = node.meta.get("node", path)
        owners[node] = path
    return owners


def _infinite_constant(node: fx.Node) -> bool:
    return any(isinstance(value, float) and math.isinf(value) for value in (*node.args, *node.kwargs.values()))


def numbers_met(arguments: list[Any], like: Tensor, bad: Tensor) -> list[float]:
    """The numbers that met where the first bad one was made, of an operation that goes number by number."""
    where = int(bad.flatten().nonzero()[0])
    found = []
    for argument in arguments:
        if isinstance(argument, (int, float)) and not isinstance(argument, bool):
            found.append(float(argument))
        elif isinstance(argument, Tensor):
            try:
                found.append(float(argument.detach().expand(like.shape).reshape(-1)[where]))
            except RuntimeError:  # it is of another size
                continue
    return found


def row_of(bad: Tensor, rows: int) -> tuple[int | None, bool]:
    """The first row of the batch with something bad in it, and whether all rows have."""
    for axis, size in enumerate(bad.shape):
        if size and size % rows == 0:
            others = [other for other in range(bad.dim()) if other != axis]
            hit = (bad.any(dim=others) if others else bad).reshape(rows, -1).any(dim=1)
            return int(hit.nonzero()[0]), rows > 1 and bool(hit.all())
    return None, False


def tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors_in(part)


def is_bad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and not bool(value.isfinite().all())
