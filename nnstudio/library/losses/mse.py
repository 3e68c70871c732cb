"""Mean squared error."""

from __future__ import annotations

from torch import nn

from nnstudio.library.losses._distance import Distance


class MSELoss(
    Distance,
    formula="mean of (output − y)²",
    torch_class=nn.MSELoss,
    reference="torch.nn.MSELoss",
    aliases=("mean squared error", "l2", "squared error"),
):
    """The mean of the squared distances: large mistakes count most."""
