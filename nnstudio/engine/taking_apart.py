"""Taking a batch apart: which node first made a number that is not finite, in which row, and why.

The forward is done value by value, as torch.fx's code of it says; then the loss; then the gradients, from the back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx

from nnstudio.core.blocks import boundary
from nnstudio.engine.causes import Cause, cause, slope_cause
from nnstudio.engine.losses_apart import loss_cause
from nnstudio.engine.network import Network

if TYPE_CHECKING:
    from nnstudio.engine.run import Run


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


def take_apart(run: Run) -> Finding | None:
    """What goes wrong in the next step of a Run whose weights are finite; None when nothing does.

    The Run is left in the middle of a step, and is of no more use.
    """
    (inputs, aims), _ = run.next_batch()
    found = _of_rows(run, inputs, aims)
    if found is not None:
        return found
    recorder = _Recorder(run.network, len(inputs))
    with run.stepping(), torch.enable_grad():
        with run.updates.mixed():
            try:
                given = run.objective.feed(recorder.run, inputs)
            except RuntimeError:
                if recorder.culprits:
                    return recorder.finding()
                raise
            outputs = given if isinstance(given, tuple) else (given,)
            if any(_bad(output) and not recorder.hides(place) for place, output in enumerate(outputs)):
                return recorder.finding()
            try:
                loss = run.objective.loss(given, aims)
            except RuntimeError as error:
                return _of_loss(run, outputs, aims, str(error))
            if not bool(loss.isfinite()):
                return recorder.finding() if recorder.culprits else _of_loss(run, outputs, aims)
        if run.updates.scaler.is_enabled():  # gradients above what float16 holds are part of its work
            return None
        return _of_gradients(run, recorder, loss)


# -- what goes in ------------------------------------------------------------------------------------------------------


def _of_rows(run: Run, inputs: Tensor, aims: tuple[Tensor, ...]) -> Finding | None:
    """A row of the data that holds something that is no number."""
    graph = run.project.graph
    where = _first_bad(inputs)
    if where is not None:
        row, place = where
        nodes = boundary(graph, "input")
        sees = [node for node in nodes if place in (getattr(node.layer, "features", None) or (place,))]
        words = f"gets {_shown(inputs.reshape(len(inputs), -1)[row, place])}"
        return Finding((sees or nodes)[0].id, Cause(words, "Mend or remove this row of the data."), row, place)
    for head, aim in zip(run.objective.heads, aims, strict=True):
        where = None if head.of_input else _first_bad(aim)
        if where is not None:
            row, place = where
            words = f"is compared with a target that is {_shown(aim.reshape(len(aim), -1)[row, place])}"
            return Finding(head.node_id, Cause(words, "Mend or remove this row of the data."), row, place)
    return None


def _first_bad(values: Tensor) -> tuple[int, int] | None:
    """The row and the place in it of the first number that is not finite."""
    if not values.is_floating_point() or bool(values.isfinite().all()):
        return None
    first = int((~values.isfinite()).flatten().nonzero()[0])
    size = max(1, values.numel() // len(values))
    return first // size, first % size


# -- forward -----------------------------------------------------------------------------------------------------------


class _Recorder(fx.Interpreter):
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
        if n.op == "output" or not any(_bad(part) for part in _tensors(made)):
            return made
        before = n.all_input_nodes
        nan = any(bool(part.isnan().any()) for part in _tensors(made) if part.is_floating_point())
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
        tensors = [part for argument in loaded for part in _tensors(argument)]
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
        bad = next(part for part in _tensors(made) if _bad(part))
        tensors, loaded = self.given(node)
        values = _met(loaded, bad, ~bad.isfinite())
        row, every = _row_of(~bad.isfinite(), self.rows)
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


def _met(arguments: list[Any], like: Tensor, bad: Tensor) -> list[float]:
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


def _row_of(bad: Tensor, rows: int) -> tuple[int | None, bool]:
    """The first row of the batch with something bad in it, and whether all rows have."""
    for axis, size in enumerate(bad.shape):
        if size and size % rows == 0:
            others = [other for other in range(bad.dim()) if other != axis]
            hit = (bad.any(dim=others) if others else bad).reshape(rows, -1).any(dim=1)
            return int(hit.nonzero()[0]), rows > 1 and bool(hit.all())
    return None, False


# -- loss --------------------------------------------------------------------------------------------------------------


def _of_loss(run: Run, outputs: tuple[Tensor, ...], aims: tuple[Tensor, ...], refused: str = "") -> Finding | None:
    """What the loss makes of finite outputs."""
    for head, output, aim in zip(run.objective.heads, outputs, aims, strict=True):
        if head.weight:
            found = loss_cause(head.loss, output.detach(), aim, refused)
            if found is not None:
                why, row = found
                return Finding(head.node_id, why, row)
    return None


# -- gradients ---------------------------------------------------------------------------------------------------------


def _of_gradients(run: Run, recorder: _Recorder, loss: Tensor) -> Finding | None:
    """The last operation whose slope is not finite, while all behind it are."""
    kept = {
        node: value
        for node, value in recorder.values.items()
        if isinstance(value, Tensor) and value.requires_grad and node.op != "output"
    }
    if not loss.requires_grad:
        return None
    found = torch.autograd.grad(loss, list(kept.values()), retain_graph=True, allow_unused=True)
    gradients = dict(zip(kept, found, strict=True))
    for node in reversed(list(kept)):
        gradient = gradients[node]
        if gradient is None or not _bad(gradient):
            continue
        if recorder.culprits:  # an infinite value that the loss does not show, as behind a Sigmoid
            return next(iter(recorder.culprits.values()))
        row, every = _row_of(~gradient.isfinite(), recorder.rows)
        user = _consumer(recorder, gradients, kept, node)
        if user is None:
            head = next((head for head in run.objective.heads if head.node_id == recorder.path_of(node)), None)
            path = head.node_id if head is not None else run.output_id
            return Finding(path, slope_cause("loss", [], [kept[node]]), None if every else row)
        tensors, loaded = recorder.given(user)
        values = _met(loaded, kept[node], ~gradient.isfinite())
        why = slope_cause(recorder.name_of(user), values, tensors)
        return Finding(recorder.path_of(user), why, None if every else row)
    return _of_parameter_gradients(run, recorder, loss)


def _consumer(
    recorder: _Recorder, gradients: Mapping[fx.Node, Tensor | None], kept: Mapping[fx.Node, Tensor], node: fx.Node
) -> fx.Node | None:
    """Of the operations that took a value, the one through which its gradient went wrong; None for the loss."""
    users = [user for user in node.users if user in kept and gradients.get(user) is not None]
    for user in users[:-1]:
        (part,) = torch.autograd.grad(kept[user], kept[node], gradients[user], retain_graph=True, allow_unused=True)
        if part is not None and _bad(part):
            return user
    return users[-1] if users else None


def _of_parameter_gradients(run: Run, recorder: _Recorder, loss: Tensor) -> Finding | None:
    """A weight whose gradient is not finite, while those of all values are."""
    for path, name, parameter in parameters_of(run.network):
        if parameter.requires_grad:
            (gradient,) = torch.autograd.grad(loss, parameter, retain_graph=True, allow_unused=True)
            if gradient is not None and _bad(gradient):
                if recorder.culprits:
                    return next(iter(recorder.culprits.values()))
                return Finding(path, slope_cause("weight", [], [parameter]), parameter=name)
    return None


# -- weights -----------------------------------------------------------------------------------------------------------


def parameters_of(network: Network) -> Iterator[tuple[str, str, Tensor]]:
    """The path of the node, the name and the tensor of each weight and buffer, in the order of computation."""
    found = network.states_by_node()
    order = {path: place for place, path in enumerate(network.places)}
    for path in sorted(found, key=lambda path: order.get(path, len(order))):
        for key, tensor in found[path].items():
            if tensor.is_floating_point():
                yield path, key.lstrip(".") or "value", tensor


# -- small things ------------------------------------------------------------------------------------------------------


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)


def _bad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and not bool(value.isfinite().all())


def _shown(value: Tensor) -> str:
    number = float(value)
    if math.isnan(number):
        return "no number"
    return "∞" if number > 0 else "−∞"


def drawn(path: str) -> str:
    """A path without the numbers of passes through blocks that are repeated."""
    return "/".join(part.partition("#")[0] for part in path.split("/"))
