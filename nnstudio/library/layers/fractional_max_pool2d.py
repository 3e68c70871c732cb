"""The pool of images with windows at random places."""

from __future__ import annotations

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.library.layers._fractional import FractionalPooling


class FractionalMaxPool2d(
    FractionalPooling, dimensions=2, torch_class=nn.FractionalMaxPool2d, example=(TensorType((4, 8, 8)),)
):
    """Keeps the largest value of windows at random places, so that the size can shrink by less than half."""
