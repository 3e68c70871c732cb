"""AlphaDropout."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._dropouts import RandomLoss


class AlphaDropout(
    RandomLoss,
    anywhere=True,
    formula="y = a (x m + α′ (1 − m)) + b, m = 0 with probability p",
    torch_class=nn.AlphaDropout,
    reference="torch.nn.AlphaDropout",
    aliases=("self-normalizing", "selu dropout", "regularization"),
):
    """Sets random inputs to what SELU gives for very negative ones, so that mean and deviation stay as they are."""
