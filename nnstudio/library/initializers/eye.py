"""Eye."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.initializers._fans import needs_axes


class Eye(
    Initializer,
    formula="w = 1 on the diagonal, else 0",
    torch_function=nn.init.eye_,
    reference="torch.nn.init.eye_",
    aliases=("identity", "diagonal"),
):
    """Makes the identity matrix: what comes in goes out."""

    def check(self, shape: Shape) -> Iterable[Complaint]:
        yield from needs_axes(shape, 2, 2)
