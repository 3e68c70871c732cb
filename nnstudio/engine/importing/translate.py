"""From recorded events to the steps of a Program: for each event the layers that do the same."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.spec import SpecError
from nnstudio.engine.evaluate import evaluate
from nnstudio.engine.importing.merge import Batch, Held, InTraining, Tensor
from nnstudio.engine.importing.program import Scope, Step, words
from nnstudio.engine.importing.record import Call, Event, Weight
from nnstudio.library.layers.constant import LARGEST, Constant
from nnstudio.library.layers.detach import Detach
from nnstudio.library.layers.expand import Expand
from nnstudio.library.layers.parameter import Parameter
from nnstudio.library.layers.permute import Permute


class Refused(Exception):
    """An event that no layer can do; the sentence follows the place."""


class Translation:
    """The steps so far. A function's entry in the table gets this, and asks it for wires and for steps."""

    def __init__(self, root: nn.Module, last_value: int) -> None:
        self.steps: list[Step] = []
        self.wires: dict[int, Tensor] = {}  # by the number of a recorded value
        self.root = root
        self.names = {id(parameter): name for name, parameter in root.named_parameters()}
        self.event: Event = None  # type: ignore[assignment]
        self.path: tuple[Scope, ...] = ()
        self.used: frozenset[int] = frozenset()  # the recorded values that something is done with
        self.statistics: frozenset[int] = frozenset()  # the ids of modules that keep running statistics in training
        self.stopped: dict[int, Tensor | None] = {}  # recorded values without a gradient, and their wires behind that
        self.lined: set[int] = set()  # recorded values of rows in one line whose wire still has them in axes
        self._last = last_value
        self._scopes: dict[int, Scope] = {}
        self._sources: dict[tuple[int, Any], Tensor] = {}  # parameters and constants by the call that they are used in
        self._kept: list[Held] = []  # constants that were used: no other object may get the id of one of them

    # -- events ------------------------------------------------------------------------------------------------------

    def begin(self, event: Event) -> None:
        """Turn to the next event."""
        self.event = event
        self.path = tuple(self._scope(call) for call in event.calls)

    def finish(self, made: Any) -> None:
        """Say what the event made: a wire, or as many as its result has tensors."""
        expected = list(tensors(self.event.result))
        given = list(made) if isinstance(made, (tuple, list)) else [made]
        if len(given) < len(expected):
            raise Refused(f"it gives {len(expected)} tensors, of which a drawing has {len(given)}")
        for tensor, wire in zip(expected, given, strict=False):
            if wire is None:
                continue
            if wire.type != tensor.type and self._is_lined(tensor, wire):
                self.lined.add(tensor.number)
            elif wire.type != tensor.type:
                raise Refused(f"its result is {tensor.type.text}, and the layer for it makes {wire.type.text}")
            self.wires[tensor.number] = wire
            if not self.event.learns and wire.type.dtype == "float32":
                self.stopped[tensor.number] = None

    def learns_statistics(self, module: nn.Module) -> bool:
        """Whether a module changes its running statistics in training."""
        return id(module) in self.statistics

    def _is_lined(self, tensor: Tensor, wire: Tensor) -> bool:
        """Whether a wire [T, B, F] stands for a tensor [T B, F], which was put into a line before or is now.

        A drawing has no such line, where the rows of the batch do not lie side by side; what is done with each entry of
        it can be done before.
        """
        given = (argument for argument in tensors((self.event.args, dict(self.event.kwargs))))
        if tensor.number not in self.lined and not any(argument.number in self.lined for argument in given):
            return False
        kind, before = wire.type, wire.type.shape[: wire.type.axis]
        behind = kind.shape[kind.axis :]
        return tensor.type == TensorType(behind, kind.dtype, kind.rows * math.prod(before))

    def _scope(self, call: Call) -> Scope:
        if call.number not in self._scopes:
            arguments = tuple(
                (name, self.wires[number].number) for name, number in call.arguments if number in self.wires
            )
            kind = class_name(call.module)
            if kind == "Sequential" and call.name.isidentifier():
                kind = words(call.name)
            self._scopes[call.number] = Scope(call.number, kind, call.name, call.full_name, arguments)
        return self._scopes[call.number]

    # -- wires -------------------------------------------------------------------------------------------------------

    def wire(self, argument: Any) -> Tensor:
        """What is wired for an argument: a value, or a node for a parameter or a constant."""
        if isinstance(argument, Tensor):
            if argument.number not in self.wires:
                raise Refused("it uses a tensor that no layer in the drawing makes")
            if self.event is not None and self.event.learns and argument.number in self.stopped:
                return self._stopped(argument.number)
            return self.wires[argument.number]
        if isinstance(argument, Weight):
            return self._parameter(argument)
        if isinstance(argument, Held):
            return self._constant(argument)
        if isinstance(argument, (int, float)) and not isinstance(argument, bool):
            return self._constant(Held(torch.tensor(argument)))
        if isinstance(argument, Batch):
            raise Refused("it computes with the size of the batch, which a drawing does not know")
        if isinstance(argument, InTraining):
            raise Refused("a number is another one in training")
        raise Refused(f"it needs a tensor, and gets {argument!r:.40}")

    def _stopped(self, number: int) -> Tensor:
        """The wire behind a Detach, for a value that was made without gradients."""
        found = self.stopped[number]
        if found is None:
            (found,) = self.add(Detach(), self.wires[number])
            self.stopped[number] = found
        return found

    def add(
        self,
        layer: Layer,
        *inputs: Any,
        name: str = "",
        module: str = "",
        weights: dict[str, np.ndarray] | None = None,
        parameters: dict[str, str] | None = None,
        frozen: bool = False,
    ) -> list[Tensor]:
        """One more step with these inputs (wires, None, or arguments that become wires); its outputs."""
        found = [None if given is None else self.wire(given) for given in inputs]
        found += [None] * (len(layer.input_ports) - len(found))
        types = tuple(None if wire is None else wire.type for wire in found)
        for complaint in layer.check(*types):  # type: ignore[arg-type]
            if complaint.severity == "error":
                raise Refused(f"it needs {complaint.needed}, but gets {complaint.got}")
        if not layer.anywhere and any(kind is not None and not kind.batch_first for kind in types):
            text = " and ".join(kind.text for kind in types if kind is not None)
            raise Refused(f"the layer {type(layer).__name__} needs the batch as the first axis, but gets {text}")
        result = evaluate(layer, types)
        if result.refused:
            raise Refused(f"the layer {type(layer).__name__} refuses: {result.refused}")
        outputs = [Tensor(self.new(), kind) for kind in result.outputs]
        for output in outputs:
            self.wires[output.number] = output
        self.steps.append(
            Step(
                layer,
                tuple(None if wire is None else wire.number for wire in found),
                tuple(output.number for output in outputs),
                self.path,
                name,
                module,
                weights or {},
                parameters or {},
                frozen,
            )
        )
        return outputs

    def new(self) -> int:
        self._last += 1
        return self._last

    def rows_like(self) -> Tensor:
        """A wire with the batch as the first axis, near to where we are."""
        here = [number for scope in reversed(self.path) for _, number in scope.arguments]
        for number in [*here, *sorted(self.wires)]:
            wire = self.wires.get(number)
            if wire is not None and wire.type.rows == 1 and wire.type.axis == 0:
                return wire
        raise Refused("it needs the size of the batch, and nothing here has the batch as its first axis")

    # -- parameters and constants ------------------------------------------------------------------------------------

    @property
    def _call(self) -> int:
        return self.path[-1].call if self.path else 0

    def _parameter(self, weight: Weight) -> Tensor:
        key = (self._call, weight.name)
        if key not in self._sources:
            tensor = weight.tensor.detach()
            if tensor.dtype != torch.float32:
                raise Refused(f"the parameter {weight.name} is {str(tensor.dtype).removeprefix('torch.')}")
            layer = Parameter(shape=tuple(tensor.shape))  # type: ignore[call-arg]
            (self._sources[key],) = self.add(
                layer,
                name=self.inside(weight.name),
                module=weight.name,
                weights={"": array(tensor)},
                parameters={"": weight.name},
                frozen=not weight.tensor.requires_grad,
            )
        return self._sources[key]

    def inside(self, name: str) -> str:
        """The name of a parameter in the module that is being called."""
        home = self.path[-1].module if self.path else ""
        return name.removeprefix(f"{home}.") if home else name

    def _constant(self, held: Held) -> Tensor:
        key = (self._call, id(held))
        if key in self._sources:
            return self._sources[key]
        name = held.origin.rpartition(".")[2]
        written = constant(held.tensor)
        if written is not None:
            (wire,) = self.add(written, name=name)
        elif held.tensor.dtype == torch.float32:
            layer = Parameter(shape=tuple(held.tensor.shape))  # type: ignore[call-arg]
            (wire,) = self.add(
                layer, name=name or "constant", module=held.name, weights={"": array(held.tensor)}, frozen=True
            )
        else:
            raise Refused(
                f"a constant of {held.tensor.numel():,} whole numbers is more than a drawing writes out ({LARGEST:,})"
            )
        if held.axis is not None:
            wire = self._along_rows(wire, held.axis)
        self._sources[key] = wire
        self._kept.append(held)
        return wire

    def _along_rows(self, wire: Tensor, axis: int) -> Tensor:
        """A constant that is the same for every row, with the rows of the batch."""
        shape = wire.type.shape
        order = (axis, *(place for place in range(len(shape)) if place != axis))
        if axis:
            (wire,) = self.add(Permute(order=order), wire)  # type: ignore[call-arg]
        (wire,) = self.add(Expand(sizes=(-1,) * (len(shape) - 1)), wire, self.rows_like())  # type: ignore[call-arg]
        if axis:
            back = tuple(order.index(place) for place in range(len(shape)))
            (wire,) = self.add(Permute(order=back), wire)  # type: ignore[call-arg]
        return wire


def class_name(module: nn.Module) -> str:
    """The name of a module's class; of one that was exported, that which it had before."""
    stated = getattr(module, "_ty", None)
    return stated.rpartition(".")[2] if isinstance(stated, str) and stated else type(module).__name__


def tensors(result: Any) -> Iterable[Tensor]:
    """The tensors in what an event gave, in order."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, (tuple, list)):
        for item in result:
            yield from tensors(item)
    elif isinstance(result, dict):
        for item in result.values():
            yield from tensors(item)


def array(tensor: torch.Tensor) -> np.ndarray:
    """A copy of a tensor's numbers."""
    return np.array(tensor.detach().cpu().numpy(), order="C")


def constant(tensor: torch.Tensor) -> Constant | None:
    """The Constant that holds these numbers; None where they are too many, or where there is no such Constant."""
    if tensor.dtype == torch.bool:
        kind = "bool"
    elif tensor.dtype.is_floating_point:
        kind = "float32"
    else:
        kind = "int64"
    tensor = tensor.detach().to(getattr(torch, kind)).contiguous()
    shape = tuple(tensor.shape)
    if tensor.numel() == 0:
        return None
    patterns: list[dict[str, Any]] = []
    first = float(tensor.flatten()[0])
    if math.isfinite(first):
        patterns.append({"pattern": "fill", "start": first})
        if tensor.numel() > 1 and kind != "bool":
            step = float(tensor.flatten()[1]) - first
            patterns.append({"pattern": "arange", "start": first, "step": step})
    if len(shape) == 2:
        patterns.append({"pattern": "eye"})
        patterns += [{"pattern": name} for name in ("causal mask", "causal mask hidden", "causal mask -inf")]
    for pattern in patterns:
        try:
            layer = Constant(shape=shape, dtype=kind, **pattern)  # type: ignore[call-arg]
            built = layer.build()
        except (SpecError, RuntimeError, TypeError, OverflowError):  # a step that no whole number can be
            continue
        if built.dtype == tensor.dtype and torch.equal(built, tensor):
            return layer
    if tensor.numel() > LARGEST or not bool(torch.isfinite(tensor).all()):
        return None
    values = tuple(map(float, tensor.flatten().tolist()))
    return Constant(pattern="values", shape=shape, dtype=kind, values=values)  # type: ignore[call-arg]
