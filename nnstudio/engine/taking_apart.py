"""Taking a batch apart: which node first made a number that is not finite, in which row, and why.

The forward is done value by value, as torch.fx's code of it says; then the loss; then the gradients, from the back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, fx

from nnstudio.core.blocks import boundary
from nnstudio.engine.causes import Cause, slope_cause
from nnstudio.engine.losses_apart import loss_cause
from nnstudio.engine.network import Network
from nnstudio.engine.recorder import Finding, Recorder, is_bad, numbers_met, row_of

if TYPE_CHECKING:
    from nnstudio.engine.run import Run


def take_apart(run: Run) -> Finding | None:
    """What goes wrong in the next step of a Run whose weights are finite; None when nothing does.

    The Run is left in the middle of a step, and is of no more use.
    """
    (inputs, aims), _ = run.next_batch()
    found = _of_rows(run, inputs, aims)
    if found is not None:
        return found
    recorder = Recorder(run.network, len(inputs))
    with run.stepping(), torch.enable_grad():
        with run.updates.mixed():
            try:
                given = run.objective.feed(recorder.run, inputs)
            except RuntimeError:
                if recorder.culprits:
                    return recorder.finding()
                raise
            outputs = given if isinstance(given, tuple) else (given,)
            if any(is_bad(output) and not recorder.hides(place) for place, output in enumerate(outputs)):
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


def _of_gradients(run: Run, recorder: Recorder, loss: Tensor) -> Finding | None:
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
        if gradient is None or not is_bad(gradient):
            continue
        if recorder.culprits:  # an infinite value that the loss does not show, as behind a Sigmoid
            return next(iter(recorder.culprits.values()))
        row, every = row_of(~gradient.isfinite(), recorder.rows)
        user = _consumer(recorder, gradients, kept, node)
        if user is None:
            head = next((head for head in run.objective.heads if head.node_id == recorder.path_of(node)), None)
            path = head.node_id if head is not None else run.output_id
            return Finding(path, slope_cause("loss", [], [kept[node]]), None if every else row)
        tensors, loaded = recorder.given(user)
        values = numbers_met(loaded, kept[node], ~gradient.isfinite())
        why = slope_cause(recorder.name_of(user), values, tensors)
        return Finding(recorder.path_of(user), why, None if every else row)
    return _of_parameter_gradients(run, recorder, loss)


def _consumer(
    recorder: Recorder, gradients: Mapping[fx.Node, Tensor | None], kept: Mapping[fx.Node, Tensor], node: fx.Node
) -> fx.Node | None:
    """Of the operations that took a value, the one through which its gradient went wrong; None for the loss."""
    users = [user for user in node.users if user in kept and gradients.get(user) is not None]
    for user in users[:-1]:
        (part,) = torch.autograd.grad(kept[user], kept[node], gradients[user], retain_graph=True, allow_unused=True)
        if part is not None and is_bad(part):
            return user
    return users[-1] if users else None


def _of_parameter_gradients(run: Run, recorder: Recorder, loss: Tensor) -> Finding | None:
    """A weight whose gradient is not finite, while those of all values are."""
    for path, name, parameter in parameters_of(run.network):
        if parameter.requires_grad:
            (gradient,) = torch.autograd.grad(loss, parameter, retain_graph=True, allow_unused=True)
            if gradient is not None and is_bad(gradient):
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


def _shown(value: Tensor) -> str:
    number = float(value)
    if math.isnan(number):
        return "no number"
    return "∞" if number > 0 else "−∞"


def drawn(path: str) -> str:
    """A path without the numbers of passes through blocks that are repeated."""
    return "/".join(part.partition("#")[0] for part in path.split("/"))
