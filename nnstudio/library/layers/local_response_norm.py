"""LocalResponseNorm."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._responses import ResponseNormalisation


class LocalResponseNorm(
    ResponseNormalisation, torch_class=nn.LocalResponseNorm, reference="torch.nn.LocalResponseNorm"
):
    """Divides each number by what its neighbouring channels have at the same place: the strongest stands out."""
