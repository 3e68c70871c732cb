"""PairwiseDistance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import needs_row_axis
from nnstudio.library.layers._checks import needs_float


class PairwiseDistance(
    Layer,
    category="Combine",
    formula="(Σ |aᵢ − bᵢ|ᵖ)^(1/p)",
    torch_class=nn.PairwiseDistance,
    reference="torch.nn.PairwiseDistance",
    aliases=("euclidean distance", "l2 distance", "metric"),
    inputs=(Port("a", "The first vectors."), Port("b", "The second vectors.")),
    example=(TensorType((6,)), TensorType((6,))),
):
    """How far two vectors lie apart."""

    p: float = field(2.0, "The power: 2 is the length of a straight line, 1 the sum of all ways.", minimum=0)
    eps: float = field(
        1e-6, "A little that is added to each difference, so that the gradient is finite at zero.", minimum=0
    )
    keepdim: bool = field(False, "Whether the axis stays, with size 1.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [complaint for kind in types for complaint in needs_float(kind)]
        first, second = types
        if not wrong and first.shape != second.shape:
            wrong = [Complaint("two inputs of one shape", f"a {first.text} and b {second.text}", "Make them equal.")]
        yield from wrong or needs_row_axis(first, -1)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    @classmethod
    def from_module(cls, module: Any) -> Any:
        found = {
            setting.name: getattr(module, "norm" if setting.name == "p" else setting.name) for setting in cls.settings()
        }
        return cls(**found)
