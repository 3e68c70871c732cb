"""GLU."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers import _axes
from nnstudio.library.layers._along_axis import AlongAxis


class GLU(
    AlongAxis,
    formula="a σ(b), where x = [a, b]",
    torch_class=nn.GLU,
    reference="torch.nn.GLU",
    aliases=("gated linear unit", "gate"),
):
    """Halves an axis: one half decides how much of the other passes."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(super().check(*types))
        yield from wrong
        if not wrong and _axes.size(types[0], self.dim) % 2:
            got = f"{_axes.size(types[0], self.dim)} in {types[0].text}"
            yield Complaint(f"an even number along axis {self.dim}", got, "Change the size of the layer before it.")
