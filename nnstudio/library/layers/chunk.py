"""Chunk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis, size
from nnstudio.library.layers._joining import NAMES
from nnstudio.library.layers._operation import Operation


class Chunk(
    Operation,
    category="Shape",
    formula="[B, 6] → [B, 3], [B, 3]",
    reference="torch.chunk",
    aliases=("cut", "halve", "query key value", "qkv", "gates"),
):
    """Cuts an axis into equal pieces, with an output for each; the last is shorter where they do not come out even."""

    chunks: int = field(2, "How many pieces there are.", minimum=1, maximum=len(NAMES))
    axis: int = field(-1, "Which axis is cut; 1 is the first after the batch, -1 the last.", minimum=-9, maximum=8)

    @property
    def output_ports(self) -> tuple[Port, ...]:
        return tuple(Port(name) for name in NAMES[: self.chunks])

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(needs_row_axis(types[0], self.axis))
        yield from wrong
        if wrong:
            return
        whole = size(types[0], self.axis)
        longest = -(-whole // self.chunks)
        pieces = -(-whole // longest)
        if pieces != self.chunks:
            yield Complaint(
                f"an axis that can be cut into {self.chunks} pieces of one size, of which the last may be shorter",
                f"{whole} at axis {self.axis} of {types[0].text}, which makes {pieces}",
                f"Use {pieces} chunks, or Split.",
            )

    def apply(self, module: Any, *tensors: Any) -> Any:
        pieces = tensors[0].chunk(self.chunks, dim=self.axis)
        found = tuple(pieces[number] for number in range(self.chunks))
        return found if len(found) > 1 else found[0]

    def summary(self, *shapes: Shape) -> str:
        return f"{self.chunks} pieces"
