"""CosineSimilarity."""

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


class CosineSimilarity(
    Layer,
    category="Combine",
    formula="a·b / (|a| |b|)",
    torch_class=nn.CosineSimilarity,
    reference="torch.nn.CosineSimilarity",
    aliases=("cosine", "angle", "similarity"),
    inputs=(Port("a", "The first vectors."), Port("b", "The second vectors.")),
    example=(TensorType((6,)), TensorType((6,))),
):
    """How far two vectors point the same way: 1 the same, 0 across, −1 opposite."""

    dim: int = field(1, "The axis of the vectors; the batch is axis 0.", minimum=-8, maximum=8)
    eps: float = field(1e-8, "Keeps the division away from zero.", minimum=0)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [complaint for kind in types for complaint in needs_float(kind)]
        first, second = types
        if not wrong and first.shape != second.shape:
            wrong = [Complaint("two inputs of one shape", f"a {first.text} and b {second.text}", "Make them equal.")]
        yield from wrong or needs_row_axis(first, self.dim)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    @classmethod
    def from_module(cls, module: Any) -> Any:
        found = {
            setting.name: getattr(module, "norm" if setting.name == "p" else setting.name) for setting in cls.settings()
        }
        return cls(**found)
