"""Functions along one axis."""

from __future__ import annotations

from collections.abc import Iterable

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation
from nnstudio.library.layers._axes import needs_row_axis


class AlongAxis(Activation, abstract=True):
    """A function of all numbers along one axis."""

    dim: int = field(-1, "Along which axis; -1 is the last. The batch is axis 0.", minimum=-8, maximum=8)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(super().check(*types)) or list(needs_row_axis(types[0], self.dim))
        yield from wrong
