"""FeatureAlphaDropout."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._dropouts import RandomLoss


class FeatureAlphaDropout(
    RandomLoss,
    formula="y[c] = a (x[c] m[c] + α′ (1 − m[c])) + b, m[c] = 0 with probability p",
    torch_class=nn.FeatureAlphaDropout,
    reference="torch.nn.FeatureAlphaDropout",
    aliases=("self-normalizing", "selu dropout", "channel dropout", "regularization"),
    example=(TensorType((4, 3, 2)),),
):
    """Sets random channels to what SELU gives for very negative inputs, so that mean and deviation stay as they are."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from super().check(*types)
        if not types[0].shape:
            yield Complaint("at least 2 axes [B, C]", f"1 axis {types[0].text}", "Add a Reshape before it.")
