"""What the variance and the standard deviation have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import size
from nnstudio.library.layers._reduction import Reduction


class Spread(Reduction, abstract=True):
    """How far numbers lie from their mean."""

    whole_numbers: ClassVar[bool] = False

    correction: int = field(
        1, "What the count is lessened by: 1 for a sample of something larger, 0 as in normalisations.", minimum=0
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(super().check(*types))
        yield from wrong
        count = 0 if wrong else math.prod(size(types[0], axis) for axis in self.axes)
        if not wrong and count <= self.correction:
            got = f"{count} along axes {', '.join(map(str, self.axes))} of {types[0].text}"
            yield Complaint(f"more numbers than the correction of {self.correction}", got, "Use a correction of 0.")

    @property
    def along(self) -> Mapping[str, Any]:
        correction = {} if self.correction == 1 else {"correction": self.correction}
        return {**super().along, **correction}
