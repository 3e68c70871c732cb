"""CosineSimilarity."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._vectors import Comparison


class CosineSimilarity(
    Comparison,
    formula="a·b / (|a| |b|)",
    torch_class=nn.CosineSimilarity,
    reference="torch.nn.CosineSimilarity",
    aliases=("cosine", "angle", "similarity"),
):
    """How far two vectors point the same way: 1 the same, 0 across, −1 opposite."""

    dim: int = field(1, "The axis of the vectors; the batch is axis 0.", minimum=-8, maximum=8)
    eps: float = field(1e-8, "Keeps the division away from zero.", minimum=0)

    @property
    def along(self) -> int:
        return self.dim
