"""The hinge loss on a distance."""

from __future__ import annotations

from typing import Any

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.losses._two_classes import Signed


class HingeEmbeddingLoss(
    Signed,
    formula="x where y = 1, else max(0, margin − x)",
    torch_class=nn.HingeEmbeddingLoss,
    reference="torch.nn.HingeEmbeddingLoss",
    aliases=("hinge", "contrastive"),
):
    """Makes a distance small for the second of two classes, and larger than a margin for the first.

    The output is a distance, which is never below 0: a Norm, a PairwiseDistance or a Softplus stands before it.
    """

    margin: float = field(1.0, "How far away the first class must be.", minimum=0, above_minimum=True)

    @property
    def classes_source(self) -> str:  # type: ignore[override]  # it holds the margin
        return f"(output[:, 0] < {self.margin / 2!r}).long()"

    def probabilities(self, output: Any) -> Any:
        """Sure of the second class at distance 0, and of the first from the margin on."""
        return (1 - output / self.margin).clamp(0, 1)

    def classes(self, output: Any) -> Any:
        return (output[:, 0] < self.margin / 2).long()
