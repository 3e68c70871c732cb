"""GELU as files of older versions write it: with the error function, 0.5 · x · (1 + erf(x / √2))."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np

from nnstudio.engine.importing.onnx_reading import OnnxFile, Operation


def fused(file: OnnxFile) -> OnnxFile:
    """The file with each such pattern as one operation called Gelu."""
    return _Fusion(file).file() if any(operation.kind == "Erf" for operation in file.operations) else file


class _Fusion:
    def __init__(self, file: OnnxFile) -> None:
        self.original = file
        self.makers: dict[str, Operation] = {}
        self.readers: dict[str, list[Operation]] = defaultdict(list)
        self.numbers = {name: _number(array) for name, array in file.arrays.items() if array.size == 1}
        for operation in file.operations:
            for name in operation.outputs:
                self.makers[name] = operation
            for name in operation.inputs:
                self.readers[name].append(operation)
            value = operation.attributes.get("value")
            if operation.kind == "Constant" and isinstance(value, np.ndarray) and value.size == 1:
                self.numbers[operation.outputs[0]] = _number(value)
        self.kept = {entry.name for entry in file.outputs}

    def file(self) -> OnnxFile:
        gone: set[int] = set()
        new: dict[int, Operation] = {}
        for operation in self.original.operations:
            if operation.kind != "Erf":
                continue
            found = self._pattern(operation)
            if found is not None:
                x, parts, last = found
                gone |= {id(part) for part in parts}
                new[id(last)] = replace(last, kind="Gelu", inputs=(x,), attributes={})
        operations = tuple(
            new.get(id(operation), operation)
            for operation in self.original.operations
            if id(operation) in new or id(operation) not in gone
        )
        return replace(self.original, operations=operations)

    def _pattern(self, erf: Operation) -> tuple[str, list[Operation], Operation] | None:
        """What comes in, the operations of the pattern, and the last of them."""
        scaled = self.makers.get(erf.inputs[0])
        x = self._scaled(scaled, {"Div": math.sqrt(2), "Mul": math.sqrt(0.5)})
        added = self._reader(erf.outputs[0], "Add")
        if scaled is None or x is None or added is None or self._other(added, erf.outputs[0]) != 1.0:
            return None
        one = self._reader(added.outputs[0], "Mul")
        if one is None:
            return None
        parts = [scaled, erf, added, one]
        other = next((name for name in one.inputs if name != added.outputs[0]), "")
        if other == x:  # x · (1 + erf), halved afterwards
            half = self._reader(one.outputs[0], "Mul")
            if half is not None and self._other(half, one.outputs[0]) == 0.5:
                return x, [*parts, half], half
        if other and self._scaled(self.makers.get(other), {"Mul": 0.5}) == x:  # x was halved before
            return x, [*parts, self.makers[other]], one
        if self._other(one, added.outputs[0]) == 0.5:  # (1 + erf) was halved
            last = self._reader(one.outputs[0], "Mul")
            if last is not None and x in last.inputs:
                return x, [*parts, last], last
        return None

    def _scaled(self, operation: Operation | None, factors: dict[str, float]) -> str | None:
        """What is multiplied by (or divided by) the number that belongs to the operator."""
        if operation is None or operation.kind not in factors or len(operation.inputs) != 2:
            return None
        first, second = operation.inputs
        for x, number in ((first, second), (second, first)):
            found = self.numbers.get(number)
            if found is not None and abs(found - factors[operation.kind]) < 1e-5:
                return x if operation.kind == "Mul" or number == second else None
        return None

    def _reader(self, name: str, kind: str) -> Operation | None:
        """The only operation that takes a tensor, where it is of this kind."""
        readers = self.readers[name]
        return readers[0] if len(readers) == 1 and readers[0].kind == kind and name not in self.kept else None

    def _other(self, operation: Operation, name: str) -> float | None:
        others = [other for other in operation.inputs if other != name]
        return self.numbers.get(others[0]) if len(others) == 1 else None


def _number(array: np.ndarray) -> float:
    return float(array.reshape(-1)[0])
