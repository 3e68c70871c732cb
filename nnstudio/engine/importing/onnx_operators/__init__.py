"""Operators of ONNX and the layers that do the same: one entry for each, by the operator's name."""

from nnstudio.engine.importing.onnx_operators import (  # noqa: F401  (they fill the table)
    activations,
    arithmetic,
    arranging,
    networks,
    picking,
    pooling,
    recurrent,
    reductions,
    resizing,
)
