"""The operations of an ONNX file turned into steps of a Program, one by one."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.spec import SpecError
from nnstudio.engine.evaluate import evaluate
from nnstudio.engine.importing import onnx_values
from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_merged import Flat, Merged, Steps
from nnstudio.engine.importing.onnx_operators.merged import materialised, translate_merged
from nnstudio.engine.importing.onnx_operators.table import OPERATORS
from nnstudio.engine.importing.onnx_reading import OnnxFile, Operation
from nnstudio.engine.importing.onnx_values import Known
from nnstudio.engine.importing.program import End, ImportRefused, Program, Scope, Step
from nnstudio.engine.importing.record import Weight
from nnstudio.engine.importing.translate import Refused, Translation

Value = Tensor | Known | Merged | Flat | Steps

_CALLED_AGAIN = "@"  # torch writes the second call of a module `encoder` as `encoder@1`


class Work:
    """What is known so far. An operator's entry in the table gets this and the operation.

    Attributes:
        values: what each tensor of the file is: a wire, or known numbers.
        readers: the operations that take each tensor; an output of the whole counts as one.
        done: the operations that were drawn together with an earlier one.
    """

    def __init__(self, file: OnnxFile, inputs: tuple[TensorType, ...]) -> None:
        self.file = file
        self.opset = file.opset
        self.values: dict[str, Value] = {}
        self.readers: dict[str, list[Operation | None]] = defaultdict(list)
        self.done: set[int] = set()
        self.operation: Operation = None  # type: ignore[assignment]
        self._translation = Translation(nn.Module(), 0)
        self._scopes: dict[tuple[str, ...], Scope] = {}
        self._leaf: Scope | None = None
        self._recipes: dict[int, tuple[Known, str, Operation, list[Known | None]]] = {}
        self._drawn: dict[str, Value] = {}
        self._modules: dict[str, bytes] = {}  # what the weights of each module are
        self._tensors: dict[bytes, str] = {}  # the first name of an array: the same numbers again are tied weights
        self.inputs: list[Tensor] = []
        for entry, kind in zip(file.inputs, inputs, strict=True):
            wire = Tensor(self._translation.new(), kind)
            self._translation.wires[wire.number] = wire
            self.values[entry.name] = wire
            self.inputs.append(wire)
        for name, array in file.arrays.items():
            learned = name in file.learned if file.learned is not None else name not in file.kept
            learned = learned and array.dtype == np.float32 and array.ndim > 0
            self.values[name] = Known(array, None, name, learned)
        for operation in file.operations:
            for name in operation.inputs:
                self.readers[name].append(operation)
        for output in file.outputs:
            self.readers[output.name].append(None)

    # -- the whole ---------------------------------------------------------------------------------------------------

    def program(self) -> Program:
        """The steps of all operations.

        Raises:
            ImportRefused: an operation has no layer; it is named.
        """
        for place, operation in enumerate(self.file.operations):
            if place in self.done:
                continue
            self.operation = operation
            try:
                self._translate(operation)
            except ImportRefused:
                raise
            except (Refused, SpecError) as error:
                raise self._refusal(operation, str(error)) from None
            except Exception as error:  # a damaged file can make anything fail; whatever it is, it is said where
                words = (str(error).strip().split("\n")[0] or "no words")[:200]
                raise self._refusal(operation, f"it cannot be read: {words}") from error
        outputs = []
        for entry in self.file.outputs:
            value = self.values[entry.name]
            if isinstance(value, Steps):
                self._translation.path = ()
                value = self.wire(value)
            if isinstance(value, (Merged, Flat)):
                raise ImportRefused(f"{self.file.name}: the output {entry.name[:80]} does not keep the rows apart.")
            if isinstance(value, Known):  # the same whatever comes in
                value = self._outside(value, entry.name)
            outputs.append(End(entry.name, value.number, value.type))
        inputs = tuple(
            End(entry.name, wire.number, wire.type) for entry, wire in zip(self.file.inputs, self.inputs, strict=True)
        )
        return Program(inputs, tuple(outputs), tuple(self._named()), self.file.title)

    def _outside(self, value: Known, name: str) -> Tensor:
        self._translation.path = ()
        try:
            return self.wire(value)
        except (Refused, SpecError) as error:
            raise ImportRefused(f"{self.file.name}: the output {name[:80]}: {error}.") from None

    def _refusal(self, operation: Operation, sentence: str) -> ImportRefused:
        return ImportRefused(f"{self.file.name}: {operation.name}: {sentence.rstrip('.')}.")

    def _translate(self, operation: Operation) -> None:
        given = [self.values.get(name) if name else None for name in operation.inputs]
        made: Any = self._beforehand(operation, given)
        if made is None:
            entry = OPERATORS.get(operation.kind)
            if entry is None:
                raise Refused("there is no layer for this operator")
            self._enter(operation)
            lazy = any(isinstance(value, (Merged, Flat, Steps)) for value in given)
            made = translate_merged(self, given) if lazy else entry(self, *given)
        made = list(made) if isinstance(made, (tuple, list)) else [made]
        for place, name in enumerate(operation.outputs):
            if not name:
                continue
            if place >= len(made) or made[place] is None:
                if any(reader is None or self._place(reader) not in self.done for reader in self.readers[name]):
                    raise Refused(f"its output {place + 1} is used, which the layer for it does not make")
                continue
            self.values[name] = made[place]

    def _beforehand(self, operation: Operation, given: list[Value | None]) -> list[Known] | None:
        """What follows from known values alone."""
        if operation.kind == "Constant":
            return [_constant(operation)]
        if operation.kind in ("Shape", "Size") and isinstance(given[0], (Tensor, Merged, Flat, Steps)):
            sizes = onnx_values.sizes_in(given[0].type.sizes if isinstance(given[0], Tensor) else given[0].sizes)
            if operation.kind == "Size":
                return [Known(sizes.first.prod(), sizes.second.prod())]
            part = slice(operation.attributes.get("start", 0), operation.attributes.get("end"))
            return [Known(sizes.first[part], None if sizes.constant else sizes.second[part])]
        if not given or not all(value is None or isinstance(value, Known) for value in given):
            return None
        known: list[Known | None] = [value if isinstance(value, Known) else None for value in given]
        made = onnx_values.compute(operation, known, self.opset)
        if made and operation.kind in OPERATORS and any(value.learned and not value.constant for value in made):
            return None  # a parameter that gets the rows of the batch is drawn
        for value, name in zip(made or (), operation.outputs, strict=False):
            if value.learned and operation.kind in OPERATORS:
                self._recipes[id(value)] = (value, name, operation, known)
        return made

    # -- for the table -----------------------------------------------------------------------------------------------

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute of the operation at hand."""
        return self.operation.attributes.get(name, default)

    def wire(self, value: Value | None) -> Tensor:
        """A value as something that wires start from. Raises Refused."""
        if value is None:
            raise Refused("it lacks an input")
        if isinstance(value, Known) and id(value) in self._recipes:
            return self._followed(value)
        if isinstance(value, Steps):
            return self.wire(materialised(self, value))
        if isinstance(value, (Merged, Flat)):
            raise Refused("it takes a tensor in which the rows of the batch are not kept apart")
        return self._translation.wire(self._argument(value) if isinstance(value, Known) else value)

    def _argument(self, value: Known) -> Any:
        """A known value as something to wire. Arrays of ones or zeros, which files hold once for all, are no ties."""
        found = value.argument()
        path = self._translation.path
        if not isinstance(found, Weight) or not path or found.name.startswith(f"{path[-1].module}."):
            return found
        if value.first.size > 1 and bool((value.first == value.first.reshape(-1)[0]).all()):
            return Weight(f"{path[-1].module}.{found.name.rpartition('.')[2]}", found.tensor)
        return found

    def _followed(self, value: Known) -> Tensor:
        """What is computed from parameters, drawn as it is computed: training will change it."""
        _, name, operation, known = self._recipes[id(value)]
        if name not in self._drawn:
            before, self.operation = self.operation, operation
            made: Any = OPERATORS[operation.kind](self, *known)
            self.operation = before
            made = list(made) if isinstance(made, (tuple, list)) else [made]
            self._drawn |= dict(zip(operation.outputs, made, strict=False))
        return self.wire(self._drawn[name])

    def add(self, layer: Layer, *inputs: Value | None, **named: Any) -> list[Tensor]:
        """One more step; its outputs. `named` is what Translation.add takes."""
        wires = [None if value is None else self.wire(value) for value in inputs]
        return self._translation.add(layer, *wires, **named)

    def one(self, layer: Layer, *inputs: Value | None, **named: Any) -> Tensor:
        """The same, for a layer with one output."""
        return self.add(layer, *inputs, **named)[0]

    def module(self, layer: Layer, *inputs: Value | None, **arrays: Known | np.ndarray | None) -> Tensor:
        """A step with weights and one output."""
        return self.modules(layer, *inputs, **arrays)[0]

    def modules(self, layer: Layer, *inputs: Value | None, **arrays: Known | np.ndarray | None) -> list[Tensor]:
        """A step with weights: known values, or arrays that are not learned; None is left out."""
        weights, parameters = {}, {}
        homes = []
        for name, value in arrays.items():
            if value is None:
                continue
            if isinstance(value, np.ndarray):
                weights[name] = value
                continue
            array = value.fixed()
            weights[name] = np.array(array, np.float32 if array.dtype.kind == "f" else array.dtype)
            home, _, last = value.name.rpartition(".")
            if value.name and last == name:
                homes.append(home)
            if name.startswith(("running_", "num_batches")):
                continue
            # Files that were made smaller hold arrays of zeros or ones once for all that had such: these are no ties.
            own = f"{home}/{len(self._translation.steps)}/{name}"
            plain = array.size < 2 or bool((array == array.reshape(-1)[0]).all())
            parameters[name] = own if plain else self._tensors.setdefault(_sum(weights[name]), value.name or own)
        module, name = self._home(homes, weights)
        kinds = tuple(None if value is None else self.wire(value).type for value in inputs)
        for key, shape in evaluate(layer, kinds).parameters.items():
            if key in weights and weights[key].shape != shape:
                raise Refused(f"its {key} has the shape {list(weights[key].shape)} in place of {list(shape)}")
        kwargs: dict[str, Any] = {"name": name, "module": module, "weights": weights, "parameters": parameters}
        return self.add(layer, *inputs, **kwargs)

    def _home(self, homes: list[str], weights: Mapping[str, np.ndarray]) -> tuple[str, str]:
        """The full name of the module that has these weights, and its name in the one around it."""
        scope = self._translation.path[-1] if self._translation.path else None
        module = scope.module if scope is not None and scope is self._leaf else homes[0] if homes else ""
        held = b"".join(_sum(weights[key]) for key in sorted(weights))
        if not module or self._modules.setdefault(module, held) != held:  # several layers in one module of the file
            module = f"/{len(self._translation.steps)}"
        inside = not module.startswith("/") and not (scope and scope.module == module)
        return module, self._translation.inside(module) if inside else ""

    def rows_like(self) -> Tensor:
        """A wire with the batch as its first axis."""
        return self._translation.rows_like()

    def maker(self, wire: Tensor) -> Step | None:
        """The step that makes a wire; None where it comes in from outside."""
        return next((step for step in reversed(self._translation.steps) if wire.number in step.outputs), None)

    def type_of(self, value: int) -> TensorType:
        """The type of a wire by its number."""
        return self._translation.wires[value].type

    def only_reader(self, name: str, kind: str) -> tuple[Operation, int] | None:
        """The one operation of a kind that alone takes a tensor, and its place; None where there is none."""
        readers = self.readers[name]
        if len(readers) != 1 or readers[0] is None or readers[0].kind != kind:
            return None
        return readers[0], self._place(readers[0])

    def _place(self, operation: Operation) -> int:
        if not hasattr(self, "_places"):
            self._places = {id(item): place for place, item in enumerate(self.file.operations)}
        return self._places[id(operation)]

    def swallow(self, place: int, *outputs: Value) -> None:
        """Say that an operation is drawn already, and what it gives."""
        self.done.add(place)
        for name, value in zip(self.file.operations[place].outputs, outputs, strict=False):
            self.values[name] = value

    def fixed(self, value: Value | None) -> np.ndarray | None:
        """The numbers of an input that may be left out. Raises Refused where they are not known."""
        if value is None:
            return None
        if not isinstance(value, Known):
            raise Refused("it takes from other operations what a layer must know beforehand")
        return value.fixed()

    # -- where an operation lies -------------------------------------------------------------------------------------

    def _enter(self, operation: Operation) -> None:
        """Turn to an operation: the modules around it become the path of its steps."""
        names: tuple[str, ...] = ()
        path: list[Scope] = []
        self._leaf = None
        for name, kind in operation.scopes:
            names = (*names, name)
            if names not in self._scopes:
                full = name.partition(_CALLED_AGAIN)[0]
                above = path[-1].module if path else ""
                own = full.removeprefix(f"{above}.") if above else full
                short = kind.rpartition(".")[2] or own.rpartition(".")[2].title().replace("_", "")
                number = len(self._scopes) + 1
                self._scopes[names] = Scope(number, short or "Block", own, full)
            path.append(self._scopes[names])
        if operation.scopes and _is_layer(operation.scopes[-1][1]):
            self._leaf = path[-1]
        self._translation.path = tuple(path)

    def _named(self) -> list[Step]:
        """The steps; a module of one layer only is no block, and gives the layer its name."""
        steps = self._translation.steps
        inside: dict[int, list[int]] = defaultdict(list)
        kinds = {scope.call: names for names, scope in self._scopes.items()}
        for place, step in enumerate(steps):
            if step.path:
                inside[step.path[-1].call].append(place)
        found = list(steps)
        below = {scope.call for step in steps for scope in step.path[:-1]}
        for call, places in inside.items():
            if len(places) > 1 or call in below or call not in kinds:
                continue
            step = found[places[0]]
            scope = step.path[-1]
            module = scope.module if step.weights and not step.module.startswith("/") else step.module
            found[places[0]] = replace(step, path=step.path[:-1], name=step.name or scope.name, module=module)
        return found


def _sum(array: np.ndarray) -> bytes:
    return hashlib.sha256(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes()).digest()


def _is_layer(kind: str) -> bool:
    """Whether a class is one of torch's own modules, or a drawn node."""
    return kind.startswith("torch.nn.modules.") and not kind.startswith("torch.nn.modules.container")


def _constant(operation: Operation) -> Known:
    attributes: Mapping[str, Any] = operation.attributes
    if isinstance(attributes.get("value"), np.ndarray):
        return Known(attributes["value"])
    for name, kind in (("value_float", np.float32), ("value_floats", np.float32)):
        if name in attributes:
            return Known(np.array(attributes[name], kind))
    for name in ("value_int", "value_ints"):
        if name in attributes:
            return Known(np.array(attributes[name], np.int64))
    raise Refused("it holds neither numbers nor a tensor of numbers")
