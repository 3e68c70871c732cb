"""ONNX files that the tests read: made by torch, from drawings, and by hand."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from nnstudio.core.blocks import boundary
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.export.trial import difference
from nnstudio.engine.importing.imported import Imported, put_in


def by_torch(module: nn.Module, rows: Sequence[torch.Tensor], path: Path, optimize: bool = True) -> Path:
    """A module as torch.onnx writes it, for any number of rows."""
    logging.getLogger("torch.onnx").setLevel(logging.CRITICAL)
    sizes = tuple({0: torch.export.Dim("batch")} for _ in rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.onnx.export(
            module.eval(), tuple(rows), dynamic_shapes=sizes, dynamo=True, optimize=optimize, verbose=False
        )
    path.write_bytes(made.model_proto.SerializeToString())
    return path


def by_hand(
    path: Path,
    nodes: Sequence[Any],
    arrays: dict[str, np.ndarray] | None = None,
    inputs: dict[str, Sequence[Any]] | None = None,
    output: str = "y",
    opset: int = 20,
    dtype: int = TensorProto.FLOAT,
) -> Path:
    """A file of these nodes with one output."""
    entries = inputs if inputs is not None else {"x": ["batch", 4]}
    graph = helper.make_graph(
        nodes,
        "main_graph",
        [helper.make_tensor_value_info(name, dtype, sizes) for name, sizes in entries.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in (arrays or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def results(found: Imported, rows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """What the drawing computes with the weights that came with it."""
    network = compile_network(found.project.graph)
    put_in(network, found.checkpoint.weights)
    inputs = boundary(found.project.graph, "input")
    taken = [row for row, node_ in zip(rows, inputs, strict=True) if node_.id in network.order]
    with torch.no_grad():
        made = network.eval()(*taken)
    return tuple(value.detach() for value in (made if isinstance(made, tuple) else (made,)))


def by_runtime(path: Path, rows: Sequence[torch.Tensor]) -> list[np.ndarray]:
    """What ONNX Runtime computes."""
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    return session.run(None, {name: row.numpy() for name, row in zip(names, rows, strict=True)})


def assert_alike(found: Imported, path: Path, *rows: torch.Tensor) -> None:
    """The drawing and ONNX Runtime compute the same."""
    for own, other in zip(results(found, rows), by_runtime(path, rows), strict=True):
        assert difference(own, other) <= 10


node = helper.make_node
load = onnx.load
