"""The pool of volumes with windows at random places."""

from __future__ import annotations

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.library.layers._fractional import FractionalPooling


class FractionalMaxPool3d(
    FractionalPooling, dimensions=3, torch_class=nn.FractionalMaxPool3d, room=1, example=(TensorType((4, 8, 4, 6)),)
):
    """Keeps the largest value of windows at random places, so that the size can shrink by less than half."""
