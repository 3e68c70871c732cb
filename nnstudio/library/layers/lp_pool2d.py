"""The pool of images that takes power means."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import PowerPooling


class LPPool2d(PowerPooling, dimensions=2, torch_class=nn.LPPool2d):
    """Takes the p-norm of each window: between the sum (p = 1) and the maximum (large p)."""
