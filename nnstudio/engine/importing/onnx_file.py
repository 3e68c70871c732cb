"""An ONNX file as a drawing with its weights, compared with ONNX Runtime."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nnstudio.core.blocks import boundary
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph, Node
from nnstudio.engine.compiler import check_graph
from nnstudio.engine.cost import cost
from nnstudio.engine.export.subject import smallest_table
from nnstudio.engine.export.trial import difference
from nnstudio.engine.importing.imported import Imported, drawn
from nnstudio.engine.importing.onnx_erf import fused
from nnstudio.engine.importing.onnx_reading import Entry, OnnxFile, read
from nnstudio.engine.importing.onnx_work import Work
from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.network import Network

# How far the drawing may be from ONNX Runtime, in what two orders of rounding explain (see `trial.difference`).
_ROUNDING, _MISTAKE = 10.0, 1000.0
_MOST_OPERATIONS = 2 * 10**11  # multiplications of a comparison: some seconds
_MOST_NUMBERS = 2**28  # values of a comparison
_BATCH_NAMES = ("batch", "batch_size", "n", "b", "bs", "batchsize", "bsz")


def import_onnx(path: Path, sizes: Mapping[str, int] | None = None) -> Imported:
    """The drawing of an ONNX file, with its weights.

    `sizes` gives a number for axes that the file leaves open, by the names that it has for them.

    Raises:
        ImportRefused: it cannot be drawn; the sentence says where and why.
    """
    file = read(Path(path))
    types = tuple(_type(file, entry, sizes or {}) for entry in file.inputs)
    work = Work(fused(file), types)
    try:
        made = drawn(work.program())
    except ImportRefused as error:
        text = str(error)
        raise ImportRefused(text if text.startswith(file.name) else f"{file.name}: {text}") from error.__cause__
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        words = str(error).strip().split("\n")[0][:200].rstrip(".")
        raise ImportRefused(f"{file.name} cannot be drawn: {words}.") from error
    made.network.eval()
    try:
        notices = [_compared(file, made.network, types), *_left_out(file, types)]
    except ImportRefused as error:
        raise ImportRefused(f"{file.name}: {error}") from None
    return made.imported(tuple(filter(None, notices)))


def _type(file: OnnxFile, entry: Entry, sizes: Mapping[str, int]) -> TensorType:
    """The type of the rows that come in."""
    found = [sizes.get(size, size) if isinstance(size, str) else size for size in entry.sizes]
    shown = "".join(letter for letter in entry.name if letter.isprintable())[:80]
    if not found:
        raise ImportRefused(
            f"{file.name}: the input {shown} has no axes, or does not say how many; rows need a batch axis."
        )
    open_ = [axis for axis, size in enumerate(entry.sizes) if not isinstance(size, int)]
    named = [axis for axis in open_ if str(entry.sizes[axis]).lower() in _BATCH_NAMES]
    batch = named[0] if named else 0
    if batch:
        raise ImportRefused(
            f"{file.name}: the input {shown} has its batch as axis {batch}; in a drawing it is the first axis."
        )
    for axis, size in enumerate(found[1:], 1):
        if not isinstance(size, int):
            name = f"called {size!r:.80}" if size else "without a name"
            raise ImportRefused(
                f"{file.name}: the input {shown} leaves the size of its axis {axis} open ({name}); a drawing needs a "
                "number for it."
            )
    shape = tuple(int(size) for size in found[1:] if isinstance(size, int))
    if math.prod(shape) > _MOST_NUMBERS:
        raise ImportRefused(f"{file.name}: one row of the input {shown} would be {math.prod(shape):,} numbers.")
    return TensorType(shape, entry.dtype)


# -- comparing ---------------------------------------------------------------------------------------------------------


def _compared(file: OnnxFile, network: Network, types: tuple[TensorType, ...]) -> str:
    """Whether the drawing computes what ONNX Runtime computes, in a sentence; empty when all is as it should be.

    Raises:
        ImportRefused: it computes something else.
    """
    unsaid = "the drawing was not compared with it"
    if not file.content:
        return f"The file is too large for ONNX Runtime to take as one, so {unsaid}."
    batches = tuple({entry.sizes[0] for entry in file.inputs if isinstance(entry.sizes[0], int)}) or (1, 5)
    numbers = _numbers(network.drawing) * max(batches)
    if numbers > _MOST_NUMBERS or cost(network.drawing, batch=2).total_operations * sum(batches) > _MOST_OPERATIONS:
        return f"A comparison with ONNX Runtime would take long, so {unsaid}."
    from nnstudio.engine.export.onnx_file import session

    try:
        opened = session(file.content)
        apart = max(_difference(opened, network, types, batch) for batch in batches)
    except ImportRefused:
        raise
    except Exception as error:  # ONNX Runtime has many classes; even its words may be none
        words = str(error).strip().split("\n")[0][:200]
        return f"ONNX Runtime does not take the file, so {unsaid}: {words}"
    if apart > _MISTAKE or math.isnan(apart):
        raise ImportRefused("the drawing would not compute what ONNX Runtime computes from it.")
    if apart > _ROUNDING:
        return f"The drawing is {apart / 1e5:.1g} (relative) apart from ONNX Runtime, more than rounding explains."
    return ""


def _difference(opened: Any, network: Network, types: tuple[TensorType, ...], batch: int) -> float:
    rows = [_rows(kind, batch, smallest_table(network.drawing)) for kind in types]
    feeds = {  # an input that leads to no output takes no part in the drawing
        value.name: row.numpy().astype(np.int32) if value.type == "tensor(int32)" else row.numpy()
        for value, row in zip(opened.get_inputs(), rows, strict=True)
    }
    taken = [row for row, node in zip(rows, _inputs(network), strict=True) if node.id in network.order]
    try:
        with torch.no_grad():
            made = network(*taken)
    except (RuntimeError, IndexError) as error:
        words = str(error).strip().split("\n")[0][:200].rstrip(".")
        raise ImportRefused(f"the drawing of it fails on rows that it is tried with: {words}.") from None
    got = opened.run(None, feeds)
    own = made if isinstance(made, tuple) else (made,)
    return max(difference(a, b.astype(np.int64) if b.dtype == np.int32 else b) for a, b in zip(own, got, strict=True))


def _inputs(network: Network) -> list[Node]:
    return boundary(network.drawing, "input")


def _rows(kind: TensorType, batch: int, ids: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(batch)
    if kind.dtype == "int64":
        return torch.randint(0, ids, kind.sizes(batch), generator=generator)
    found = torch.randn(kind.sizes(batch), generator=generator)
    return found if kind.dtype == "float32" else found > 0


def _numbers(graph: Graph) -> int:
    report = check_graph(graph)
    return sum(kind.size * max(kind.rows, 1) for node in report.nodes.values() for kind in node.outputs if kind)


def _left_out(file: OnnxFile, types: tuple[TensorType, ...]) -> list[str]:
    found = ["An ONNX file is made for predicting: what works in training alone, such as Dropout, is not in it."]
    fixed = [entry for entry in file.inputs if isinstance(entry.sizes[0], int)]
    if fixed:
        found.append(
            f"The file was made for {fixed[0].sizes[0]} rows at a time; the first axis was taken to be the batch, and "
            "the drawing takes any number of rows."
        )
    return found
