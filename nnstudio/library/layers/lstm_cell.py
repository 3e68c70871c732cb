"""LSTMCell."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port
from nnstudio.library.layers._cells import Cell


class LSTMCell(
    Cell,
    formula="c' = f c + i g, h' = o tanh(c')",
    torch_class=nn.LSTMCell,
    reference="torch.nn.LSTMCell",
    aliases=("recurrent", "step", "long short-term memory"),
):
    """One step of an LSTM."""

    inputs: ClassVar[tuple[Port, ...]] = (
        *Cell.inputs,
        Port("cell", "The memory before it [B, H]; zeros without a wire.", optional=True),
    )
    outputs: ClassVar[tuple[Port, ...]] = (*Cell.outputs, Port("cell", "The memory after it [B, H]."))
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((6,)), TensorType((16,)), TensorType((16,)))

    def apply(self, module: Any, *tensors: Any) -> Any:
        given, hidden, cell = tensors
        hidden, cell = module(given) if hidden is None else module(given, (hidden, cell))
        return hidden, cell
