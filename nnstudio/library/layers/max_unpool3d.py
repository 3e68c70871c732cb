"""What undoes the MaxPool of volumes."""

from __future__ import annotations

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.library.layers._unpooling import Unpooling


class MaxUnpool3d(
    Unpooling,
    dimensions=3,
    torch_class=nn.MaxUnpool3d,
    example=(TensorType((4, 4, 3, 2)), TensorType((4, 4, 3, 2), "int64")),
):
    """Puts each number back to where MaxPool3d found it, and zeros everywhere else."""
