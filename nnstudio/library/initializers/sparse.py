"""Sparse."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.initializers._fans import needs_axes


class Sparse(
    Initializer,
    formula="w ~ N(0, std²), mostly 0",
    torch_function=nn.init.sparse_,
    reference="torch.nn.init.sparse_",
    aliases=("few connections", "zeros"),
):
    """Draws a matrix from a bell curve and sets a part of each column to zero."""

    sparsity: float = field(0.1, "Which part of each column is zero.", minimum=0, maximum=1)
    std: float = field(0.01, "How wide the curve is.", minimum=0, logarithmic=True)

    def check(self, shape: Shape) -> Iterable[Complaint]:
        yield from needs_axes(shape, 2, 2)
