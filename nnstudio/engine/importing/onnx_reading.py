"""An ONNX file as plain values: its operations in the order of computation, and its arrays.

Nothing in such a file is run. It is protobuf, whose size is known before it is parsed; arrays in other files are read
only from the folder of the file itself.
"""

from __future__ import annotations

import heapq
import math
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.engine.importing import onnx_scan
from nnstudio.engine.importing.program import ImportRefused

LARGEST = 2**31 - 1  # bytes of the file; protobuf holds no more
MOST_WEIGHTS = 8 * 2**30  # bytes of all arrays together
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


class _Reader:
    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.weighs = 0

    def refuse(self, sentence: str) -> ImportRefused:
        return ImportRefused(f"{self.name}: {sentence}")

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
                raise self.refuse(f"two of its arrays are called {_shown(tensor.name)}.")
            arrays[tensor.name] = self.array(tensor, f"the array {_shown(tensor.name)}")
        inputs = tuple(self._entry(value) for value in graph.input if value.name not in arrays)
        outputs = tuple(self._entry(value) for value in graph.output)
        operations = self._operations(graph.node, arrays, {entry.name for entry in inputs})
        made = {output for operation in operations for output in operation.outputs} | set(arrays)
        made |= {entry.name for entry in inputs}
        for entry in outputs:
            if entry.name not in made:
                raise self.refuse(f"nothing makes the output {_shown(entry.name)}.")
        if not inputs or not outputs:
            raise self.refuse("it has no " + ("outputs." if inputs else "inputs."))
        content = b""
        if self.weighs < LARGEST - 2**24:
            content = model.SerializeToString()
        title = graph.name if graph.name not in ("main_graph", "main", "torch_jit", "torch-jit-export", "graph") else ""
        said = any(entry.key == _SIGNATURE for entry in graph.metadata_props)
        learned = frozenset(_listed_as(graph, "PARAMETER")) if said else None
        kept = frozenset(_listed_as(graph, "BUFFER"))
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
            raise self.refuse(f"{_shown(value.name)} is no tensor; only tensors enter and leave a drawing.")
        dtype = _DTYPES.get(kind.elem_type)
        if dtype is None:
            raise self.refuse(
                f"{_shown(value.name)} holds {_type_name(kind.elem_type)} numbers; "
                "a drawing knows float32, int64 and bool."
            )
        sizes: list[int | str | None] = []
        for axis in kind.shape.dim:
            if axis.HasField("dim_value") and axis.dim_value > 0:
                sizes.append(axis.dim_value)
            else:
                sizes.append(axis.dim_param or None)
        if len(sizes) > 12:
            raise self.refuse(f"{_shown(value.name)} has {len(sizes)} axes.")
        return Entry(value.name, dtype, tuple(sizes) if kind.HasField("shape") else ())

    # -- arrays ------------------------------------------------------------------------------------------------------

    def array(self, tensor: Any, what: str) -> np.ndarray:
        """The numbers of a TensorProto; nothing is made room for that is not there."""
        dtype = _NUMPY.get(tensor.data_type)
        if dtype is None:
            raise self.refuse(f"{what} holds {_type_name(tensor.data_type)} numbers, which a drawing does not know.")
        sizes = tuple(tensor.dims)
        if any(size < 0 for size in sizes) or len(sizes) > 12:
            raise self.refuse(f"{what} has the impossible shape {list(sizes)[:12]}.")
        count = math.prod(sizes)
        self.weighs += count * dtype.itemsize
        if self.weighs > MOST_WEIGHTS:
            raise self.refuse(f"with {what} its arrays would take more than {MOST_WEIGHTS // 2**30} GB.")
        if tensor.data_location == 1:
            data = self._outside(tensor, count * dtype.itemsize, what)
            if self.weighs < LARGEST - 2**24:
                del tensor.external_data[:]
                tensor.data_location = 0
                tensor.raw_data = data
            return np.frombuffer(data, dtype).reshape(sizes)
        if tensor.raw_data:
            if len(tensor.raw_data) != count * dtype.itemsize:
                raise self.refuse(
                    f"{what} has the shape {list(sizes)} and {len(tensor.raw_data):,} bytes in place of "
                    f"{count * dtype.itemsize:,}."
                )
            return np.frombuffer(tensor.raw_data, dtype).reshape(sizes)
        listed = getattr(tensor, _LISTED[tensor.data_type])
        if len(listed) != count:
            raise self.refuse(f"{what} has the shape {list(sizes)} and {len(listed):,} numbers in place of {count:,}.")
        try:
            if dtype == np.float16:
                return np.array(listed, np.uint16).view(np.float16).reshape(sizes)
            return np.array(listed, dtype).reshape(sizes)
        except (OverflowError, ValueError):
            raise self.refuse(f"{what} holds a number that does not fit in {dtype}.") from None

    def _outside(self, tensor: Any, length: int, what: str) -> bytes:
        """The bytes of an array that lies in another file of the same folder."""
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        shown = _shown(location)
        if not location or "\0" in location:
            raise self.refuse(f"{what} lies in another file, and it is not said in which.")
        folder = self.folder.resolve()
        try:
            path = (folder / location).resolve()
            inside = (
                path.is_relative_to(folder) and not Path(location).is_absolute() and ".." not in Path(location).parts
            )
            if not inside or "\\" in location or ":" in location:
                raise self.refuse(
                    f"{what} is said to lie in {shown}, outside the folder of the file; that is not read."
                )
            offset = int(entries.get("offset", "0") or 0)
            stated = int(entries.get("length", length) or length)
            if offset < 0 or stated != length:
                raise self.refuse(f"{what} needs {length:,} bytes, and {stated:,} are said to be in {shown}.")
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise self.refuse(f"{what} lies in {shown}, which is not a file.")
            with open(path, "rb") as file:
                file.seek(0, os.SEEK_END)
                if offset + length > file.tell():
                    raise self.refuse(f"{what} needs {length:,} bytes of {shown}, which is too short.")
                file.seek(offset)
                return file.read(length)
        except OSError as error:
            raise self.refuse(f"{what} lies in {shown}, which cannot be read: {error.strerror or error}.") from None
        except (ValueError, OverflowError) as error:
            if isinstance(error, ImportRefused):
                raise
            raise self.refuse(f"{what} lies in {shown} at a place that is no number.") from None

    # -- operations --------------------------------------------------------------------------------------------------

    def _operations(self, nodes: Iterable[Any], arrays: Mapping[str, Any], inputs: set[str]) -> tuple[Operation, ...]:
        """The operations, each behind those that it needs."""
        found = [self._operation(node, place) for place, node in enumerate(nodes)]
        makers: dict[str, int] = {}
        for place, operation in enumerate(found):
            for output in filter(None, operation.outputs):
                if output in makers or output in arrays or output in inputs:
                    raise self.refuse(f"{operation.name} makes {_shown(output)}, which is made elsewhere already.")
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
                    raise self.refuse(f"{operation.name} takes {_shown(name)}, which nothing makes.")

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
        title = _shown(node.name) if node.name else f"operation {place + 1}"
        name = f"{title} ({_shown(node.op_type)})"
        if node.domain not in ("", "ai.onnx"):
            raise self.refuse(
                f"{name} is an operator of {_shown(node.domain)}, which is not among those of ONNX; "
                "there is no layer for it."
            )
        if len(node.input) > 1000 or len(node.output) > 1000:
            raise self.refuse(f"{name} has more than 1000 inputs or outputs.")
        attributes = {}
        for attribute in node.attribute:
            attributes[attribute.name] = self._value(attribute, name)
        return Operation(name, node.op_type, tuple(node.input), tuple(node.output), attributes, _scopes(node))

    def _value(self, attribute: Any, where: str) -> Any:
        kind = attribute.type
        if kind == 1:
            return float(attribute.f)
        if kind == 2:
            return int(attribute.i)
        if kind == 3:
            return attribute.s.decode("utf-8", "replace")
        if kind == 4:
            return self.array(attribute.t, f"{where}: its {_shown(attribute.name)}")
        if kind == 6:
            return tuple(map(float, attribute.floats))
        if kind == 7:
            return tuple(map(int, attribute.ints))
        if kind == 8:
            return tuple(text.decode("utf-8", "replace") for text in attribute.strings)
        if kind in (5, 10):
            raise self.refuse(f"{where} decides while it runs what is computed; a drawing computes the same always.")
        raise self.refuse(f"{where}: its {_shown(attribute.name)} is of a kind that is not known.")


# -- where an operation comes from -------------------------------------------------------------------------------------


def _scopes(node: Any) -> tuple[tuple[str, str], ...]:
    """The modules around an operation, as torch writes them: in notes, or in the name ("/encoder/fc/MatMul")."""
    notes = {entry.key: entry.value for entry in node.metadata_props}
    names = _listed(notes.get("pkg.torch.onnx.name_scopes", ""))
    classes = _listed(notes.get("pkg.torch.onnx.class_hierarchy", ""))
    if len(names) == len(classes) > 1 and names[0] == "":
        return tuple(zip(names[1:-1], classes[1:-1], strict=True))[:40]
    parts = node.name.split("/")
    if len(parts) > 2 and not parts[0]:
        found: list[tuple[str, str]] = []
        before = full = ""
        for part in parts[1:-1][:40]:
            own = part.removeprefix(f"{before}.") if before else part
            full = f"{full}.{own}" if full else own
            before = part
            found.append((full, ""))
        return tuple(found)
    return ()


def _listed(text: str) -> list[str]:
    """The texts in `['', 'encoder', 'encoder.0']`."""
    if len(text) > 20_000 or not (text.startswith("['") and text.endswith("']")):
        return []
    return text[2:-2].split("', '")


_SIGNATURE = "pkg.torch.export.ExportedProgram.graph_signature"


def _listed_as(graph: Any, kind: str) -> Iterable[str]:
    """The names of arrays that torch says are parameters, or buffers."""
    for entry in graph.metadata_props:
        if entry.key == _SIGNATURE:
            for line in entry.value[:5_000_000].split("\n"):
                _, found, target = line.partition(f": {kind} target='")
                if found:
                    yield target.partition("'")[0]


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:120])


def _type_name(number: int) -> str:
    import onnx

    try:
        return str(onnx.TensorProto.DataType.Name(number)).lower()
    except ValueError:
        return "unknown"


# Types of ONNX that a drawing has, or that hold the same numbers as one of these.
_DTYPES = {1: "float32", 7: "int64", 9: "bool", 6: "int64"}
_NUMPY: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.uint8),
    3: np.dtype(np.int8),
    5: np.dtype(np.int16),
    6: np.dtype(np.int32),
    7: np.dtype(np.int64),
    9: np.dtype(np.bool_),
    10: np.dtype(np.float16),
    11: np.dtype(np.float64),
}
_LISTED = {
    1: "float_data",
    2: "int32_data",
    3: "int32_data",
    5: "int32_data",
    6: "int32_data",
    7: "int64_data",
    9: "int32_data",
    10: "int32_data",
    11: "double_data",
}
