"""Mean absolute error."""

from __future__ import annotations

from torch import nn

from nnstudio.library.losses._distance import Distance


class L1Loss(
    Distance,
    formula="mean of |output − y|",
    torch_class=nn.L1Loss,
    reference="torch.nn.L1Loss",
    aliases=("mean absolute error", "MAE"),
):
    """The mean of the absolute distances (MAE): outliers count no more than in proportion."""
