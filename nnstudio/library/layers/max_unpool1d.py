"""What undoes the MaxPool of lines."""

from __future__ import annotations

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.library.layers._unpooling import Unpooling


class MaxUnpool1d(
    Unpooling, dimensions=1, torch_class=nn.MaxUnpool1d, example=(TensorType((4, 60)), TensorType((4, 60), "int64"))
):
    """Puts each number back to where MaxPool1d found it, and zeros everywhere else."""
