"""What undoes the MaxPool of images."""

from __future__ import annotations

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.library.layers._unpooling import Unpooling


class MaxUnpool2d(
    Unpooling, dimensions=2, torch_class=nn.MaxUnpool2d, example=(TensorType((4, 8, 7)), TensorType((4, 8, 7), "int64"))
):
    """Puts each number back to where MaxPool2d found it, and zeros everywhere else."""
