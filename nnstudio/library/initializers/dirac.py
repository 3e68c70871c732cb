"""Dirac."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.initializers._fans import needs_axes


class Dirac(
    Initializer,
    formula="convolution that keeps its input",
    torch_function=nn.init.dirac_,
    reference="torch.nn.init.dirac_",
    aliases=("identity", "delta"),
):
    """Makes a convolution that passes its channels on as they are."""

    groups: int = field(1, "In how many groups the channels are kept apart.", minimum=1)

    def check(self, shape: Shape) -> Iterable[Complaint]:
        wrong = list(needs_axes(shape, 3, 5))
        yield from wrong
        if not wrong and shape[0] % self.groups:
            fix = "Use the groups of the convolution."
            yield Complaint(f"groups that divide its {shape[0]} channels", f"groups={self.groups}", fix)
