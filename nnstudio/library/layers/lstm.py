"""LSTM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._recurrent import OUTPUTS, STATES, Recurrent


class LSTM(
    Recurrent,
    formula="cₜ = f cₜ₋₁ + i g, hₜ = o tanh(cₜ)",
    torch_class=nn.LSTM,
    reference="torch.nn.LSTM",
    aliases=("recurrent", "long short-term memory"),
):
    """Goes through a sequence with a memory cell, whose gates decide what is kept, added and shown."""

    inputs: ClassVar[tuple[Port, ...]] = (
        Port("input", "A sequence [B, T, F]."),
        *STATES,
        Port("c_0", "The memory before the first step [L, B, H].", optional=True),
    )
    outputs: ClassVar[tuple[Port, ...]] = (
        *OUTPUTS[:2],
        Port("cell", "The memory of each layer after its last step [L, B, H]."),
        OUTPUTS[2],
    )
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((5, 6)), None, None)

    proj_size: int = field(0, "To how many numbers each output is projected; 0 for none.", minimum=0)

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        wrong = list(super().check(*types))
        yield from wrong
        if self.proj_size >= self.hidden_size:
            fix = "Use a smaller proj_size, or 0."
            yield Complaint(f"a projection to fewer than {self.hidden_size} numbers", f"{self.proj_size}", fix)

    def apply(self, module: Any, *tensors: Any) -> Any:
        sequence, hidden, cell = tensors
        output, (hidden, cell) = module(sequence) if hidden is None else module(sequence, (hidden, cell))
        return output, hidden, cell, self._last(output)
