"""An ONNX file as plain values: its operations in the order of computation, and its arrays.

Nothing in such a file is run. It is protobuf, whose size is known before it is parsed; arrays in other files are read
only from the folder of the file itself.
"""

from __future__ import annotations

import heapq
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.engine.importing import onnx_scan
from nnstudio.engine.importing.onnx_arrays import DTYPES, LARGEST, Arrays, shown, type_name
from nnstudio.engine.importing.onnx_notes import SIGNATURE, listed_as, scopes_of
from nnstudio.engine.importing.program import ImportRefused

MOST_NODES = 50_000
OLDEST, NEWEST = 7, 28  # operator sets


@dataclass(frozen=True)
class Operation:
    """One node of the file.

    Attributes:
        name: what a sentence calls it.
        kind: its operator, such as "Conv".
        inputs: the tensors that it takes; "" where an optional one is left out.
        scopes: the modules that it was called in, the outermost first: (full name, class), where the file says so.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    scopes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    """An input or output of the file: the size of each axis, or its name, or None where nothing is known of it."""

    name: str
    dtype: str
    sizes: tuple[int | str | None, ...]


@dataclass(frozen=True, eq=False)
class OnnxFile:
    """What a file holds.

    Attributes:
        learned: the names of arrays that the file says are learned, and `kept` those that it says are not.
            `learned` is None where it says nothing of that.
        content: the file with all its arrays in it, for ONNX Runtime; empty when that is too large.
    """

    name: str
    opset: int
    inputs: tuple[Entry, ...]
    outputs: tuple[Entry, ...]
    arrays: Mapping[str, np.ndarray]
    operations: tuple[Operation, ...]
    learned: frozenset[str] | None
    kept: frozenset[str]
    title: str
    content: bytes


def read(path: Path) -> OnnxFile:
    """What an ONNX file holds.

    Raises:
        ImportRefused: it is none, is damaged, or is nothing that a drawing could hold.
    """
    name = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in path.name)[:200]
    content = _bytes(path, name)
    onnx_scan.check(content, name)
    import onnx

    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception:  # protobuf has classes of its own for this, which differ from version to version
        raise ImportRefused(f"{name} is no ONNX file, or a damaged one.") from None
    del content
    try:
        return _Reader(name, path.parent).file(model)
    except ImportRefused:
        raise
    except Exception:  # texts that are none, and whatever else protobuf lets through
        raise ImportRefused(f"{name} is a damaged ONNX file.") from None


def _bytes(path: Path, name: str) -> bytes:
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):  # asked before it is opened: to open a pipe would wait for ever
            raise ImportRefused(f"{name} is not a file.")
        if found.st_size > LARGEST:
            raise ImportRefused(f"{name} is larger than 2 GB, which no ONNX file can be.")
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ImportRefused(f"{name} cannot be read: {error.strerror or error}.") from None
    if not content:
        raise ImportRefused(f"{name} is empty.")
    return content


class _Reader(Arrays):
    """Reads the network of one file."""

    def file(self, model: Any) -> OnnxFile:
        if not model.HasField("graph") or not (model.graph.node or model.graph.output):
            raise ImportRefused(f"{self.name} is no ONNX file, or one without a network.")
        opset = self._opset(model)
        if model.functions:
            raise self.refuse("it defines operators of its own, which a drawing has no layers for.")
        graph = model.graph
        if graph.sparse_initializer:
            raise self.refuse(
                f"{graph.sparse_initializer[0].values.name} is a sparse tensor; a drawing has dense ones."
            )
        if len(graph.node) > MOST_NODES:
            raise self.refuse(f"it has {len(graph.node):,} operations; a drawing is read from at most {MOST_NODES:,}.")
        arrays: dict[str, np.ndarray] = {}
        for tensor in graph.initializer:
            if tensor.name in arrays:
                raise self.refuse(f"two of its arrays are called {shown(tensor.name)}.")
            arrays[tensor.name] = self.array(tensor, f"the array {shown(tensor.name)}")
        inputs = tuple(self._entry(value) for value in graph.input if value.name not in arrays)
        outputs = tuple(self._entry(value) for value in graph.output)
        operations = self._operations(graph.node, arrays, {entry.name for entry in inputs})
        made = {output for operation in operations for output in operation.outputs} | set(arrays)
        made |= {entry.name for entry in inputs}
        for entry in outputs:
            if entry.name not in made:
                raise self.refuse(f"nothing makes the output {shown(entry.name)}.")
        if not inputs or not outputs:
            raise self.refuse("it has no " + ("outputs." if inputs else "inputs."))
        content = b""
        if self.weighs < LARGEST - 2**24:
            content = model.SerializeToString()
        title = graph.name if graph.name not in ("main_graph", "main", "torch_jit", "torch-jit-export", "graph") else ""
        said = any(entry.key == SIGNATURE for entry in graph.metadata_props)
        learned = frozenset(listed_as(graph, "PARAMETER")) if said else None
        kept = frozenset(listed_as(graph, "BUFFER"))
        return OnnxFile(self.name, opset, inputs, outputs, arrays, operations, learned, kept, title, content)

    def _opset(self, model: Any) -> int:
        found = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
        if len(found) != 1:
            raise self.refuse("it does not say which operators it means (there is no opset_import).")
        if not OLDEST <= found[0] <= NEWEST:
            raise self.refuse(f"it uses version {found[0]} of the operators; known are {OLDEST} to {NEWEST}.")
        return int(found[0])

    def _entry(self, value: Any) -> Entry:
        kind = value.type.tensor_type
        if not value.type.HasField("tensor_type"):
            raise self.refuse(f"{shown(value.name)} is no tensor; only tensors enter and leave a drawing.")
        dtype = DTYPES.get(kind.elem_type)
        if dtype is None:
            raise self.refuse(
                f"{shown(value.name)} holds {type_name(kind.elem_type)} numbers; "
                "a drawing knows float32, int64 and bool."
            )
        sizes: list[int | str | None] = []
        for axis in kind.shape.dim:
            if axis.HasField("dim_value") and axis.dim_value > 0:
                sizes.append(axis.dim_value)
            else:
                sizes.append(axis.dim_param or None)
        if len(sizes) > 12:
            raise self.refuse(f"{shown(value.name)} has {len(sizes)} axes.")
        return Entry(value.name, dtype, tuple(sizes) if kind.HasField("shape") else ())

    # -- operations --------------------------------------------------------------------------------------------------

    def _operations(self, nodes: Iterable[Any], arrays: Mapping[str, Any], inputs: set[str]) -> tuple[Operation, ...]:
        """The operations, each behind those that it needs."""
        found = [self._operation(node, place) for place, node in enumerate(nodes)]
        makers: dict[str, int] = {}
        for place, operation in enumerate(found):
            for output in filter(None, operation.outputs):
                if output in makers or output in arrays or output in inputs:
                    raise self.refuse(f"{operation.name} makes {shown(output)}, which is made elsewhere already.")
                makers[output] = place
        waiting: list[int] = []
        readers: dict[int, list[int]] = {}
        for place, operation in enumerate(found):
            needed = {makers[name] for name in operation.inputs if name in makers}
            waiting.append(len(needed))
            for maker in needed:
                readers.setdefault(maker, []).append(place)
            for name in filter(None, operation.inputs):
                if name not in makers and name not in arrays and name not in inputs:
                    raise self.refuse(f"{operation.name} takes {shown(name)}, which nothing makes.")

        ready = [place for place, count in enumerate(waiting) if count == 0]
        order = []
        while ready:
            place = heapq.heappop(ready)
            order.append(found[place])
            for reader in readers.get(place, ()):
                waiting[reader] -= 1
                if waiting[reader] == 0:
                    heapq.heappush(ready, reader)
        if len(order) < len(found):
            stuck = next(place for place, count in enumerate(waiting) if count)
            raise self.refuse(
                f"{found[stuck].name} waits for what is made from its own output: its wires form a circle."
            )
        return tuple(order)

    def _operation(self, node: Any, place: int) -> Operation:
        title = shown(node.name) if node.name else f"operation {place + 1}"
        name = f"{title} ({shown(node.op_type)})"
        if node.domain not in ("", "ai.onnx"):
            raise self.refuse(
                f"{name} is an operator of {shown(node.domain)}, which is not among those of ONNX; "
                "there is no layer for it."
            )
        if len(node.input) > 1000 or len(node.output) > 1000:
            raise self.refuse(f"{name} has more than 1000 inputs or outputs.")
        attributes = {}
        for attribute in node.attribute:
            attributes[attribute.name] = self._value(attribute, name)
        return Operation(name, node.op_type, tuple(node.input), tuple(node.output), attributes, scopes_of(node))

    def _value(self, attribute: Any, where: str) -> Any:
        kind = attribute.type
        if kind == 1:
            return float(attribute.f)
        if kind == 2:
            return int(attribute.i)
        if kind == 3:
            return attribute.s.decode("utf-8", "replace")
        if kind == 4:
            return self.array(attribute.t, f"{where}: its {shown(attribute.name)}")
        if kind == 6:
            return tuple(map(float, attribute.floats))
        if kind == 7:
            return tuple(map(int, attribute.ints))
        if kind == 8:
            return tuple(text.decode("utf-8", "replace") for text in attribute.strings)
        if kind in (5, 10):
            raise self.refuse(f"{where} decides while it runs what is computed; a drawing computes the same always.")
        raise self.refuse(f"{where}: its {shown(attribute.name)} is of a kind that is not known.")
